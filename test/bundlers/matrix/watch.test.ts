import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  codeOf,
  collectConsole,
  emulate,
  makeProject,
  modelsOf,
  paying,
  servedModels,
  type Built,
} from '../harness.ts'
import { makePng } from '../../glb/pictures.ts'
import { holdSubmissions, startGate } from '../../support/gate.ts'
import { startGenerating } from '../../support/generate-child.ts'
import { countWatchers } from '../../support/count-watchers.ts'
import { pinCard } from '../../support/pin-card.ts'
import { startWatching, WATCHERS } from './watchers.ts'

/** The machine may be busy. */
const WAIT = { timeout: 60_000 }
const ENTRY = `import hero from './hero.png?meshy&poly=500'\nglobalThis.hero = hero\n`

describe.each(WATCHERS)('%s, when it watches', (name) => {
  it('shows a stand-in, then the model, and keeps it over other changes', async () => {
    const emulator = await emulate({ taskMs: 500 })
    const project = await makeProject({ files: { 'package.json': { type: 'module' }, 'main.js': ENTRY } })

    const watcher = await startWatching(name, project, paying(emulator))
    const before = await watcher.until((built) => modelsOf(built).size > 0)
    expect(stateOf(before)).toBe('pending')

    const ready = await watcher.until((built) => stateOf(built) === 'ready')
    const [served] = await servedModels(emulator)
    expect(shownModel(ready)).toEqual(served)

    await writeFile(path.join(project.root, 'main.js'), `${ENTRY}globalThis.edited = 'again'\n`)
    const edited = await watcher.until((built) => codeOf(built).includes('edited'))
    expect(shownModel(edited)).toEqual(served)
    expect(emulator.counts.posts).toBe(1)
  })

  it('shows a model that another terminal has generated', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'package.json': { type: 'module' }, 'main.js': ENTRY } })
    const { mode: _, ...asking } = paying(emulator)
    const watcher = await startWatching(name, project, asking)
    await watcher.until((built) => stateOf(built) === 'preview')

    await startGenerating(project.root, emulator, { specifiers: ['hero.png?meshy&poly=500'] }).exited

    const ready = await watcher.until((built) => stateOf(built) === 'ready')
    expect([shownModel(ready)]).toEqual(await servedModels(emulator))
    expect(emulator.counts.posts).toBe(1)
  })

  it('follows a lockfile that another terminal or git has changed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'package.json': { type: 'module' }, 'main.js': ENTRY } })
    const specifier = 'hero.png?meshy&poly=500'
    await startGenerating(project.root, emulator, { specifiers: [specifier] }).exited
    const lockfile = path.join(project.root, 'meshy-lock.json')
    const before = await readFile(lockfile)
    const watcher = await startWatching(name, project, paying(emulator))
    const served = await servedModels(emulator)
    await watcher.until((built) => stateOf(built) === 'ready')

    const own = await pinCard({ root: project.root, service: emulator, specifier })
    const pinned = await watcher.until((built) => codeOf(built).includes('pinned'))
    expect(shownModel(pinned)).toEqual(own)
    await writeFile(lockfile, before)

    const again = await watcher.until((built) => codeOf(built).includes('emulator'))
    expect([shownModel(again)]).toEqual(served)
    expect(emulator.counts.posts).toBe(1)
    await watcher.close()
    await expect.poll(() => countWatchers(lockfile), WAIT).toBe(0)
  })

  it('goes on when a lockfile with conflict markers is united', async () => {
    const emulator = await emulate()
    const lockfile = '<<<<<<< ours\n=======\n>>>>>>> theirs\n'
    const files = { 'package.json': { type: 'module' }, 'main.js': ENTRY, 'meshy-lock.json': lockfile }
    const project = await makeProject({ files })
    const { mode: _, ...meshy } = paying(emulator)
    const watcher = await startWatching(name, project, meshy)
    let looks = 0
    // The second look is at the end of the first build.
    await watcher.until(() => (looks += 1) === 2)

    await project.write({ 'meshy-lock.json': { version: 1, models: {} } })

    expect(stateOf(await watcher.until((built) => stateOf(built) !== undefined))).toBe('preview')
  })

  it.each([
    ['a view that is missing', './hero.png?meshy&views=side.png', undefined],
    ['the image of a recipe', './hero.meshy.json?meshy', makePng(4, 4).subarray(0, 30)],
  ])('goes on when %s is mended', async (_, specifier, broken) => {
    await emulate()
    const files = {
      'package.json': { type: 'module' },
      'main.js': ENTRY.replace(/'.*?'/, `'${specifier}'`),
      'hero.meshy.json': { image: './side.png' },
    }
    const project = await makeProject({ files })
    const side = path.join(project.root, 'side.png')
    if (broken) await writeFile(side, broken)
    const watcher = await startWatching(name, project, { mode: 'preview' })
    let looks = 0
    // The second look is at the end of the first build.
    await watcher.until(() => (looks += 1) === 2)

    await writeFile(side, makePng(4, 2, { color: [1, 2, 3] }))

    expect(stateOf(await watcher.until((built) => stateOf(built) !== undefined))).toBe('preview')
  })

  it('pays nothing for an import that was edited away while it waited for a slot', async () => {
    const emulator = await emulate()
    const gate = await startGate(emulator, onTestFinished)
    const release = holdSubmissions(gate)
    const both = `${ENTRY}import villain from './villain.png?meshy&poly=501'\nglobalThis.villain = villain\n`
    const project = await makeProject({
      files: { 'package.json': { type: 'module' }, 'main.js': both },
      pictures: { 'villain.png': 'dragon.png' },
    })
    const told: string[] = []
    collectConsole(told)

    const meshy = paying({ ...emulator, url: gate.url }, { concurrency: 1 })
    const watcher = await startWatching(name, project, meshy)
    await watcher.until((built) => modelsOf(built).size > 0)
    await expect.poll(() => told.join('\n'), WAIT).toMatch(/generating .*villain\.png/)
    await project.write({ 'main.js': `${ENTRY}globalThis.edited = 'again'\n` })
    await watcher.until((built) => codeOf(built).includes('edited'))
    release()

    await watcher.until((built) => stateOf(built) === 'ready')
    await expect.poll(() => told.join('\n'), WAIT).toMatch(/Nobody imports this model of `villain\.png`/)
    expect(emulator.counts.posts).toBe(1)
  })

  it('asks before it pays for a picture that was edited', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'package.json': { type: 'module' }, 'main.js': ENTRY } })
    const { mode: _, ...meshy } = paying(emulator)

    const watcher = await startWatching(name, project, meshy)
    const before = keyOf(await watcher.until((built) => stateOf(built) === 'preview'))
    await writeFile(path.join(project.root, 'hero.png'), makePng(4, 2, { color: [1, 2, 3] }))
    await watcher.until((built) => stateOf(built) === 'preview' && keyOf(built) !== before)

    expect(emulator.counts.posts).toBe(0)
  })
})

function stateOf(built: Built): string | undefined {
  return /"?state"?: ?"(\w+)"/.exec(codeOf(built))?.[1]
}

/** The model that the code points at: a watcher may leave those of earlier builds beside it. */
function shownModel(built: Built): Buffer | undefined {
  const code = codeOf(built)
  return [...modelsOf(built)].find(([file]) => code.includes(path.basename(file)))?.[1]
}

/** Another picture has another. */
function keyOf(built: Built): string | undefined {
  return /"?key"?: ?"(\w+)"/.exec(codeOf(built))?.[1]
}
