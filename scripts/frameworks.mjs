// Tries what people do with this package in projects of frameworks, against the emulator, from the packed package, and
// writes the table of docs/bundlers.md. It downloads the frameworks, so it is not part of the tests. Arguments can name
// projects (`astro nuxt`), including `snippets`, and cells (`--cells=plan,generate`); `--keep` keeps the projects.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { startEmulator } from '../dist/emulator.mjs'
import { CELLS } from './frameworks/cells.mjs'
import { makeRepository } from './frameworks/clones.mjs'
import { npm, npx } from './frameworks/commands.mjs'
import { makeProject, PROJECTS } from './frameworks/projects.mjs'
import { trySnippets } from './frameworks/snippets.mjs'
import { writeRows } from './frameworks/table.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
// Plain Node 20 cannot import the TypeScript sources.
const { launchBrowser } = await createJiti(import.meta.url).import('../test/support/browser.ts')

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const chosen = process.argv.find((arg) => arg.startsWith('--cells='))?.slice('--cells='.length)
const cells = chosen?.split(',') ?? Object.keys(CELLS)
const names = wanted.length > 0 ? wanted : [...Object.keys(PROJECTS), 'snippets']
const isKept = process.argv.includes('--keep')
const folder = await mkdtemp(path.join(tmpdir(), 'meshy-frameworks-'))
const tarball = await packRepository()
const browser = await launchBrowser()
for (const name of names) {
  await attempt(name, () => (name === 'snippets' ? inTrial(name, trySnippets) : tryProject(name)))
}
await browser.close()
if (isKept) console.log(folder)
else await rm(folder, { recursive: true, force: true, maxRetries: 5 })

async function packRepository() {
  const args = ['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(await npm(folder, [...args, '--loglevel=error']))
  return path.join(folder, filename)
}

/** Reports the result of a step, and continues after a failure. */
async function attempt(title, use) {
  try {
    const result = await use()
    console.log(`${title}: ${result}`)
    return result
  } catch (error) {
    process.exitCode = 1
    console.error(`${title}: FAILED\n${error instanceof Error ? error.stack : error}`)
    return '**fails**'
  }
}

/** Provides a folder, an account, and stores that no other project has used. */
async function inTrial(name, use) {
  const cwd = path.join(folder, name)
  const emulator = await startEmulator({ taskMs: 100, pendingMs: 10 })
  const env = {
    MESHY_BASE_URL: emulator.url,
    MESHY_API_KEY: emulator.apiKey,
    XDG_CACHE_HOME: path.join(folder, `${name}-cache`),
  }
  try {
    await mkdir(cwd)
    const clones = { second: `${cwd}-second`, third: `${cwd}-third` }
    return await use({ name, cwd, ...clones, env, emulator, tarball, browser, project: PROJECTS[name] })
  } finally {
    await emulator.close()
  }
}

function tryProject(name) {
  return inTrial(name, async (trial) => {
    const { cwd, project } = trial
    await makeProject(name, cwd, tarball)
    await npm(cwd, ['install', '--no-audit', '--no-fund'])
    if (project.typed) await npx(cwd, ['unplugin-meshy', 'types'])
    const manifest = path.join(cwd, 'node_modules', project.of, 'package.json')
    const { version } = JSON.parse(await readFile(manifest, 'utf8'))
    const first = await makeRepository(cwd)
    const results = {}
    for (const cell of cells) {
      results[cell] = await attempt(`${name} ${cell}`, () => CELLS[cell]({ ...trial, first }))
    }
    await writeRows([{ name, version, date: new Date().toISOString().slice(0, 10), cells: results }])
    return 'in the table'
  })
}
