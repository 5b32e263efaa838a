import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { commandRows, paidErrorRows, priceRows, skillPage } from './agent-docs.mjs'

// Writes the parts of the documentation that come from the sources. With `--check` it writes nothing, and exits with 1
// if it would.

const ROOT = new URL('../', import.meta.url)
const REGION = /(<!-- generated: (\S+) -->\n)[\s\S]*?(<!-- \/generated -->)/g

// Plain Node 20 cannot import the TypeScript sources.
const jiti = createJiti(import.meta.url)
const { failures } = await jiti.import('../src/system/failures.ts')
const { directives } = await jiti.import('../src/request/directives.ts')
const { laterDirectives } = await jiti.import('../src/request/request-directives.ts')
const { ciServices } = await jiti.import('../src/run/ci.ts')
const { BUNDLERS } = await jiti.import('../src/bundlers/plugin.ts')
const { main } = await jiti.import('../src/cli/main.ts')
const { priceOf } = await jiti.import('../src/request/price.ts')
const { decide, MODES, STATES } = await jiti.import('../src/finding/modes.ts')

/** The contents between `<!-- generated: name -->` and `<!-- /generated -->`. */
const regions = {
  directives: () => directiveTable((name) => !(name in laterDirectives)),
  'later-directives': () => directiveTable((name) => name in laterDirectives),
  options: optionTable,
  bundlers: bundlerList,
  entries: () =>
    BUNDLERS.filter((name) => name !== 'vite')
      .map((name) => code(`unplugin-meshy/${name}`))
      .join(', '),
  modes: modeTable,
  prices: () => table(['request', 'credits'], priceRows(priceOf)),
  commands: async () => table(['command', 'what it does', 'spends credits'], await commandRows(main)),
  'paid-errors': () => table(['code', 'cause', 'next'], paidErrorRows(failures)),
  'ci-services': () => `${ciServices().join(', ')}.`,
}
/** Each document, and how its new text is derived from its old one; `undefined` if there is none. */
const documents = {
  'README.md': async (text) => text && (await fillRegions(text)),
  'docs/ci.md': async (text) => text && (await fillRegions(text)),
  'docs/directives.md': async (text) => text && (await fillRegions(text)),
  'docs/errors.md': () => errorPage(),
  'llms.txt': fillRegions,
  'skills/unplugin-meshy/SKILL.md': async () =>
    skillPage(await fillRegions(await readText(new URL('llms.txt', ROOT)))),
}

const stale = await staleDocuments()
const isCheck = process.argv.includes('--check')
for (const { name, text } of stale) {
  if (isCheck) console.error(`${name} is out of date: run \`npm run docs\`.`)
  else await writeFile(new URL(name, ROOT), text)
}
if (isCheck && stale.length > 0) process.exitCode = 1
if (!isCheck)
  console.log(stale.length > 0 ? `Wrote ${stale.map(({ name }) => name).join(', ')}.` : 'Nothing to write.')

async function staleDocuments() {
  const found = []
  for (const [name, renew] of Object.entries(documents)) {
    const before = await readText(new URL(name, ROOT))
    const text = await renew(before)
    if (text !== undefined && text !== before) found.push({ name, text })
  }
  return found
}

async function readText(url) {
  try {
    return await readFile(url, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw new Error(`${fileURLToPath(url)} cannot be read`, { cause: error })
  }
}

async function fillRegions(text) {
  const filled = new Map()
  for (const [, , name] of text.matchAll(REGION)) {
    const make = regions[name]
    if (!make) throw new Error(`Unknown region \`${name}\`; known are ${Object.keys(regions).join(', ')}.`)
    filled.set(name, await make())
  }
  return text.replace(REGION, (_, opening, name, closing) => `${opening}${filled.get(name)}\n${closing}`)
}

/** The options and their meaning, from the comments of their type, where editors show them as well. */
async function optionTable() {
  const source = await readFile(new URL('src/run/option-types.ts', ROOT), 'utf8')
  const fields = source.slice(source.indexOf('export interface Options {')).split('\n}\n', 1)[0]
  const rows = [...fields.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+)\?:/g)].map(([, comment, name]) => {
    const text = comment
      .replace(/\n\s*\*/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
    const [meaning, standard = ''] = text.split(' @default ')
    return [code(name), standard, meaning]
  })
  return table(['option', 'default', 'meaning'], rows)
}

/** Every section of docs/bundlers.md that names an entry: `## Rspack, Rsbuild 2` covers two. */
async function bundlerList() {
  const [, ...sections] = (await readFile(new URL('docs/bundlers.md', ROOT), 'utf8')).split(/^## /m)
  const named = sections.filter((section) => section.includes('unplugin-meshy/'))
  const names = named.map((section) => section.split('\n', 1)[0].replace(/ \(.*\)| [\d.]+/g, ''))
  return `${[...new Set(names)].join(', ')}: [docs/bundlers.md](docs/bundlers.md).`
}

function modeTable() {
  const rows = MODES.map((mode) => [code(mode)].concat(STATES.map((state) => decide(mode, state))))
  return table(['mode', ...STATES], rows)
}

/** @param {(name: string) => boolean} isWanted */
function directiveTable(isWanted) {
  const wanted = Object.entries(directives).filter(([name]) => isWanted(name))
  const rows = wanted.map(([name, { aliases = [], value, param, doc, example }]) => [
    code(name),
    aliases
      .filter((alias) => alias !== param)
      .map(code)
      .join(' '),
    value.allowed,
    param ? code(param) : '',
    `${doc} ${code(example)}`,
  ])
  return table(['directive', 'also', 'value', 'API parameter', 'meaning, example'], rows)
}

function errorPage() {
  const paid = {
    no: 'Nothing was spent.',
    maybe: 'Credits may have been spent.',
    yes: 'Credits were spent. Running again does not pay again.',
  }
  const sections = Object.entries(failures).map(
    ([name, failure]) =>
      `## ${name}\n\n${failure.cause}\n\n**Next:** ${failure.next}\n\n${paid[failure.paid]}\n`,
  )
  return [
    '# Errors\n',
    'Every error has a code, which is permanent once released. Generated by `npm run docs` from `src/system/failures.ts`.\n',
    ...sections,
  ].join('\n')
}

function table(head, rows) {
  if (rows.length === 0) throw new Error(`Nothing to write below ${head.join(', ')}: has its source moved?`)
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text) {
  return text === '' ? '' : `\`${text}\``
}
