// Measures the plugin against its targets, side by side with the alternatives, and prints tables of ratios.
//
//   npm run bench                     all rows, and docs/benchmarks.md with what was found
//   node bench/run.mjs [row …]        some rows, printed only; `dist` must be built
//   node bench/run.mjs --quick        all rows, so small that the numbers mean nothing
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { describeMachine } from './lib/machine.mjs'
import { tables } from './lib/tables.mjs'

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url)
const REGION = /(<!-- measured -->\n)[\s\S]*?(<!-- \/measured -->)/

/** Each row: how it is measured, and how small if the numbers do not matter. */
const ROWS = {
  'warm-build': { counts: [10], rounds: 1, modelBytes: 100_000 },
  'cold-build': { tasks: 4, taskMs: 200 },
  'one-image': { imports: 20 },
  'second-run': { models: 2 },
  load: { rounds: 1 },
  restore: { models: 2, largeBytes: 1_000_000, rounds: 1 },
  'dev-paint': { models: 3, rounds: 1 },
  preview: { triangles: 2000 },
  derive: { models: 1, rounds: 1 },
  heavy: { triangles: 2000, pixels: 256, rounds: 1 },
}

const args = process.argv.slice(2)
const isQuick = args.includes('--quick')
const chosen = args.filter((name) => name in ROWS)
const unknown = args.filter((name) => name !== '--quick' && !(name in ROWS))
if (unknown.length > 0) {
  console.error(`Unknown row \`${unknown[0]}\`; known are ${Object.keys(ROWS).join(', ')}.`)
  process.exit(1)
}

const loadBefore = loadavg()[0]
const found = []
for (const name of chosen.length > 0 ? chosen : Object.keys(ROWS)) {
  console.error(`${name} …`)
  const { measure } = await import(`./rows/${name}.mjs`)
  const table = tables[name](await measure(isQuick ? ROWS[name] : {}))
  console.log(`\n${table}`)
  found.push(table)
}

const machine = await describeMachine({ loadBefore, loadAfter: loadavg()[0] })
console.log(`\n${machine}`)
if (chosen.length === 0 && !isQuick) {
  const before = await readFile(DOCUMENT, 'utf8')
  const text = [machine, ...found].join('\n\n')
  await writeFile(
    DOCUMENT,
    before.replace(REGION, (_, opening, closing) => `${opening}\n${text}\n\n${closing}`),
  )
}
