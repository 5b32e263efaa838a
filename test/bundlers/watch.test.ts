import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { watch as watchByRollup, type RollupWatcher } from 'rollup'
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
  workIn,
  type BundlerName,
  type Built,
} from './harness.ts'

interface Evaluated {
  hero: { metadata: { state: string; key: string } }
}

interface Watching {
  /** Resolves with the state of the model in the output as soon as it is this one. */
  state(wanted: string): Promise<Evaluated['hero']['metadata']>
  log: string[]
  output(): Promise<Built>
}

describe.each(BUNDLERS)('a watching build with %s', (bundler) => {
  it('writes a stand-in at once, and the model when it is there', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const watching = startWatching(bundler, project, paying(emulator))

    const standIn = await watching.state('pending')
    const model = await watching.state('ready')

    expect(model.key).toBe(standIn.key)
    expect([...modelsOf(await watching.output()).values()]).toEqual(
      expect.arrayContaining(await servedModels(emulator)),
    )
    expect(emulator.counts.posts).toBe(1)
  })

  it('follows the picture', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const watching = startWatching(bundler, project, paying(emulator))
    const first = await watching.state('ready')

    await copyFile(path.join(REPOSITORY, 'playground/images/chair.png'), path.join(project.root, 'hero.png'))
    const standIn = await watching.state('pending')
    const second = await watching.state('ready')

    expect(second.key).toBe(standIn.key)
    expect(second.key).not.toBe(first.key)
    expect(emulator.counts.posts).toBe(2)
  })

  it('asks by default', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=900') } })
    const { url: baseUrl, apiKey } = emulator
    const watching = startWatching(bundler, project, { baseUrl, apiKey })

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
    const watching = startWatching(bundler, project, { ...paying(emulator), oversize: 'error' })
    await watching.state('pending')
    await watching.state('failed')

    const again = watching.state('pending')
    const chair = path.join(REPOSITORY, 'playground/images/chair.png')
    // A watcher begins to watch some moment after it told a failure.
    const saving = setInterval(() => copyFile(chair, path.join(project.root, 'hero.png')), 500)
    onTestFinished(() => clearInterval(saving))
    await again

    expect(watching.log.join('\n')).toMatch(/`hero\.png` has \d+ triangles/)
  })

  it('tells a bad import, and takes it when it is fixed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&polly=900') } })
    const watching = startWatching(bundler, project, paying(emulator))
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

function startWatching(bundler: BundlerName, { root }: Project, meshy: Options): Watching {
  const log: string[] = []
  const outDir = path.join(root, 'dist')
  const states: Evaluated['hero']['metadata'][] = []
  const listeners = new Set<() => void>()
  const output = async (): Promise<Built> => ({ outDir, files: await readFiles(outDir), log: '' })
  const add = (state: Evaluated['hero']['metadata']) => {
    states.push(state)
    for (const listener of listeners) listener()
  }
  const follow = (watcher: RollupWatcher) => {
    onTestFinished(() => watcher.close())
    watcher.on('event', async (event) => {
      if ('result' in event) await event.result?.close()
      if (event.code === 'ERROR') {
        log.push(event.error.message)
        add({ state: 'failed', key: '' })
      }
      if (event.code !== 'BUNDLE_END') return
      add((await evaluate<Evaluated>(entryFile(await output()))).hero.metadata)
    })
  }
  void start(bundler, { root, outDir, meshy, log }).then(follow)
  return {
    log,
    output,
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

interface Watch {
  root: string
  outDir: string
  meshy: Options
  log: string[]
}

async function start(bundler: BundlerName, { root, outDir, meshy, log }: Watch): Promise<RollupWatcher> {
  const input = path.join(root, 'main.js')
  if (bundler === 'Rollup 4') {
    workIn(root)
    collectConsole(log)
    return watchByRollup({ input, plugins: [meshyForRollup(meshy)], output: { dir: outDir } })
  }
  const watcher = await VITE_BUILDS[bundler]({
    root,
    configFile: false,
    customLogger: collectingLogger(log),
    plugins: [meshyForVite(meshy)],
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
