import { copyFile, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { watch as watchByRollup, type Plugin, type RollupWatcher } from 'rollup'
import { describe, expect, it, onTestFinished } from 'vitest'
import meshyForRollup from '../../src/rollup.ts'
import meshyForVite from '../../src/vite.ts'
import type { Options } from '../../src/index.ts'
import { REPOSITORY, type Project } from '../support/project.ts'
import {
  BUNDLERS,
  collectConsole,
  collectingLogger,
  emulate,
  entryFile,
  entryOf,
  evaluate,
  makeProject,
  modelsOf,
  paying,
  readFiles,
  servedModels,
  VITE_BUILDS,
  VITES,
  workIn,
  type BundlerName,
  type Built,
} from './harness.ts'

/** The machine may be busy. */
const WAIT = { timeout: 60_000 }

interface Evaluated {
  hero: { metadata: { state: string; key: string } }
}

interface Watching {
  /** Resolves with the state of the model in the output as soon as it is this one. */
  state(wanted: string): Promise<Evaluated['hero']['metadata']>
  log: string[]
  output(): Promise<Built>
  /** How many builds there were. */
  builds(): number
}

describe.each(BUNDLERS)('a watching build with %s', (bundler) => {
  it('writes a stand-in at once, and the model when it is there', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const watching = startWatching(bundler, project, { meshy: paying(emulator) })

    const standIn = await watching.state('pending')
    const model = await watching.state('ready')

    expect(model.key).toBe(standIn.key)
    const served = await servedModels(emulator)
    // The watcher may be writing the same files again.
    const written = async () => [...modelsOf(await watching.output()).values()]
    await expect.poll(written, WAIT).toEqual(expect.arrayContaining(served))
    expect(emulator.counts.posts).toBe(1)
  })

  it('builds again for a model that came while it was building', async () => {
    const emulator = await emulate()
    const files = { 'main.js': `import './slow.js'\n${entryOf('./hero.png?meshy&poly=900')}`, 'slow.js': '' }
    const project = await makeProject({ files })
    const slow = {
      name: 'slow',
      async load(id: string) {
        if (id.endsWith('slow.js')) await expect.poll(() => touchedFiles(project), WAIT).toHaveLength(1)
        return null
      },
    }
    const watching = startWatching(bundler, project, { meshy: paying(emulator), plugins: [slow] })

    await watching.state('pending')
    await watching.state('ready')

    expect(emulator.counts.posts).toBe(1)
  })

  it('builds again for stand-ins that were cards at first', async () => {
    const takes = [1, 2, 3, 4, 5, 6]
    const main = [
      ...takes.map((take) => `import take${take} from './hero.png?meshy&poly=500&take=${take}'`),
      `const triangles = [${takes.map((take) => `take${take}`).join()}].map(({ metadata }) => metadata.triangles)`,
      `const state = Math.min(...triangles) > 100 ? 'meshes' : 'some cards'`,
      `export default { hero: { metadata: { state, key: '' } } }`,
    ]
    const project = await makeProject({ files: { 'main.js': main.join('\n') } })
    const watching = startWatching(bundler, project, { meshy: { mode: 'preview' } })

    await watching.state('some cards')
    await watching.state('meshes')
  })

  it('tells wrong options, and does not die of them', async () => {
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy') } })
    const watching = startWatching(bundler, project, { meshy: { concurrency: -5 } })

    await watching.state('failed')

    expect(watching.log.join('\n')).toContain('concurrency')
  })

  it('follows the picture', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const watching = startWatching(bundler, project, { meshy: paying(emulator) })
    const first = await watching.state('ready')

    await copyFile(path.join(REPOSITORY, 'playground/images/chair.png'), path.join(project.root, 'hero.png'))
    const standIn = await watching.state('pending')
    const second = await watching.state('ready')

    expect(second.key).toBe(standIn.key)
    expect(second.key).not.toBe(first.key)
    expect(emulator.counts.posts).toBe(2)
  })

  it('takes a view that was missing when it is there', async () => {
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&views=side.png') } })
    const watching = startWatching(bundler, project, { meshy: { mode: 'preview' } })
    await watching.state('failed')

    const taken = watching.state('preview')
    const chair = path.join(REPOSITORY, 'playground/images/chair.png')
    // A watcher begins to watch some moment after it told a failure.
    const saving = setInterval(() => copyFile(chair, path.join(project.root, 'side.png')), 500)
    onTestFinished(() => clearInterval(saving))
    await taken
    clearInterval(saving)
  })

  it('asks by default', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const { url: baseUrl, apiKey } = emulator
    const watching = startWatching(bundler, project, { meshy: { baseUrl, apiKey } })

    await watching.state('preview')

    expect(emulator.counts.total).toBe(0)
  })

  it('follows the picture of a recipe whose model was too large', async () => {
    const emulator = await emulate()
    const files = {
      'main.js': entryOf('./hero.meshy.json?meshy'),
      'hero.meshy.json': { image: './hero.png', poly: 900, maxTriangles: 1 },
    }
    const project = await makeProject({ files })
    const watching = startWatching(bundler, project, { meshy: { ...paying(emulator), oversize: 'error' } })
    await watching.state('pending')
    await watching.state('failed')

    const again = watching.state('pending')
    const chair = path.join(REPOSITORY, 'playground/images/chair.png')
    // A watcher begins to watch some moment after it told a failure.
    const saving = setInterval(() => copyFile(chair, path.join(project.root, 'hero.png')), 500)
    onTestFinished(() => clearInterval(saving))
    await again
    clearInterval(saving)

    expect(watching.log.join('\n')).toMatch(/`hero\.png` has \d+ triangles/)
  })

  it('tells a bad import, and takes it when it is fixed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&polly=900') } })
    const watching = startWatching(bundler, project, { meshy: paying(emulator) })
    await watching.state('failed')

    const fixed = watching.state('ready')
    // A watcher begins to watch some moment after it told a failure.
    const saving = setInterval(() => project.write({ 'main.js': entryOf('./hero.png?meshy&poly=900') }), 500)
    onTestFinished(() => clearInterval(saving))
    await fixed
    clearInterval(saving)

    expect(watching.log.join('\n')).toMatch(/main\.js:1: hero\.png: Unknown directive `polly`/)
  })
})

/** State files of models that are there. */
async function touchedFiles({ root }: Project): Promise<string[]> {
  const folder = path.join(root, '.meshy/state')
  const names = await readdir(folder).catch(() => [])
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  return texts.filter((text) => text.length > 0)
}

interface WatchInit {
  meshy: Options
  plugins?: Plugin[]
}

describe.each(VITES)('a watching build with %s whose worker has a model', (vite) => {
  it('builds no more when that has failed', async () => {
    const main = `export default { hero: { metadata: { state: 'built', key: '' } } }\n`
    const files = {
      'main.js': `globalThis.Worker && new Worker(new URL('./worker.js', import.meta.url))\n${main}`,
      'worker.js': `import hero from './hero.png?meshy&poly=900'\npostMessage(hero.url)\n`,
    }
    const project = await makeProject({ files })
    // It fails for want of a key.
    const watching = startWatching(vite, project, { meshy: { mode: 'generate' } })
    await watching.state('built')
    await expect.poll(() => touchedFiles(project), WAIT).toHaveLength(1)
    await project.write({ 'main.js': `${files['main.js']}// edited\n` })
    await watching.state('built')
    const builds = watching.builds()

    // Nothing tells that no build comes: so much time lets several come.
    await new Promise((resolve) => setTimeout(resolve, 5_000))

    expect(watching.builds()).toBeLessThanOrEqual(builds + 1)
    expect(watching.log.filter((line) => line.includes('MESHY_AUTH_MISSING'))).toHaveLength(1)
  })
})

function startWatching(bundler: BundlerName, { root }: Project, init: WatchInit): Watching {
  const log: string[] = []
  const outDir = path.join(root, 'dist')
  const states: Evaluated['hero']['metadata'][] = []
  const listeners = new Set<() => void>()
  let builds = 0
  const output = async (): Promise<Built> => ({ outDir, files: await readFiles(outDir), log: '' })
  const add = (state: Evaluated['hero']['metadata']) => {
    states.push(state)
    for (const listener of listeners) listener()
  }
  const follow = (watcher: RollupWatcher) => {
    onTestFinished(() => watcher.close())
    watcher.on('event', async (event) => {
      if (event.code === 'BUNDLE_END') builds++
      if ('result' in event) await event.result?.close()
      if (event.code === 'ERROR') {
        log.push(event.error.message)
        add({ state: 'failed', key: '' })
      }
      if (event.code !== 'BUNDLE_END') return
      add((await evaluate<Evaluated>(entryFile(await output()))).hero.metadata)
    })
  }
  void start(bundler, { ...init, root, outDir, log }).then(follow)
  return {
    log,
    output,
    builds: () => builds,
    state: (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          const index = states.findIndex(({ state }) => state === wanted)
          const [found] = index < 0 ? [] : states.splice(0, index + 1).slice(-1)
          if (!found) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      }),
  }
}

interface Watch extends WatchInit {
  root: string
  outDir: string
  log: string[]
}

async function start(
  bundler: BundlerName,
  { root, outDir, meshy, plugins = [], log }: Watch,
): Promise<RollupWatcher> {
  const input = path.join(root, 'main.js')
  if (bundler === 'Rollup 4') {
    workIn(root)
    collectConsole(log)
    return watchByRollup({ input, plugins: [meshyForRollup(meshy), plugins], output: { dir: outDir } })
  }
  const watcher = await VITE_BUILDS[bundler]({
    root,
    configFile: false,
    customLogger: collectingLogger(log),
    plugins: [meshyForVite(meshy), plugins],
    build: {
      outDir,
      watch: {},
      modulePreload: false,
      rollupOptions: { input, preserveEntrySignatures: 'strict' },
    },
  })
  // What a watching build returns.
  return watcher as RollupWatcher
}
