import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import {
  buildHere,
  cloneOf,
  emulate,
  emulated,
  importing,
  keyless,
  readLockfile,
  readPins,
  readTree,
  viteBuild,
  viteProject,
} from '../cli/harness.ts'
import { initRepository } from '../support/git.ts'
import { mustSucceed, type Project } from '../support/project.ts'

describe('a build with a lockfile', () => {
  it('writes it the first time, and leaves it byte for byte the second time', async () => {
    const emulator = await emulate()
    const project = await viteProject()
    await mustSucceed(viteBuild(project, emulated(emulator)))
    const first = await readLockfile(project)

    await mustSucceed(viteBuild(project, emulated(emulator)))

    expect(await readLockfile(project)).toBe(first)
    expect(first).not.toContain(project.root)
    expect(emulator.counts.created).toBe(1)
  })

  it('pays once more when one of two imports asks for another take', async () => {
    const emulator = await emulate()
    const project = await viteProject({
      files: { 'main.js': importing('./hero.png?meshy', './hero.png?meshy&take=1') },
    })
    await buildHere(project, emulator)
    const before = emulator.counts.created
    await project.write({ 'main.js': importing('./hero.png?meshy', './hero.png?meshy&take=2') })

    await mustSucceed(viteBuild(project, emulated(emulator)))

    expect([before, emulator.counts.created]).toEqual([1, 2])
  })
})

describe('a frozen build', () => {
  it('gives the same output on another machine, without a key and without a request', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const clone = await cloneOf(project)
    const before = emulator.counts.total

    const { code } = await viteBuild(clone, { ...keyless(emulator), CI: 'true' })

    expect(code).toBe(0)
    expect(await readTree(path.join(clone.root, 'dist'))).toEqual(
      await readTree(path.join(project.root, 'dist')),
    )
    expect(emulator.counts.total).toBe(before)
  })

  it('leaves a repository of an earlier release as it was committed', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    await project.write({ '.gitignore': 'node_modules\ndist\n' })
    await rm(path.join(project.root, '.meshy', '.ignore'))
    const ignoring = path.join(project.root, '.meshy', '.gitignore')
    await writeFile(ignoring, (await readFile(ignoring, 'utf8')).replace('!/.ignore\n', ''))
    const repository = await initRepository(project)
    await repository.commitAll('pinned')
    await repository.git('clean', '-qfdX', '.meshy', 'dist')

    await mustSucceed(viteBuild(project, { ...keyless(emulator), CI: 'true' }))

    expect(await repository.git('status', '--porcelain')).toBe('')
  })

  it('fails once with everything that is missing, prices and next step, and changes nothing', async () => {
    const emulator = await emulate()
    const project = await withTwoNewImports(await built(emulator))
    const [lockfile, before] = [await readLockfile(project), emulator.counts.created]

    const { code, stderr } = await viteBuild(project, { ...emulated(emulator), CI: 'true' })

    expect(code).toBe(1)
    expect(stderr).toMatch(/main\.js:2: .*`car\.png`.*30 credits/)
    expect(stderr).toMatch(/src\/extra\.js:1: .*`pig\.png`.*20 credits/)
    expect(stderr).toContain('Total: 50 credits')
    expect(stderr).toContain('MESHY_MODE=generate')
    expect(stderr).not.toContain('hero.png')
    expect(emulator.counts.created).toBe(before)
    expect(await readLockfile(project)).toBe(lockfile)
  })

  it('generates exactly what is missing when it is told to generate', async () => {
    const emulator = await emulate()
    const project = await withTwoNewImports(await built(emulator))
    const { 'hero.png': hero } = await readPins(project)

    await mustSucceed(viteBuild(project, { ...emulated(emulator), CI: 'true', MESHY_MODE: 'generate' }))

    const pins = await readPins(project)
    expect(emulator.counts.created).toBe(3)
    expect(Object.keys(pins).sort()).toEqual(['car.png', 'hero.png', 'pig.png'])
    expect(pins['hero.png']).toEqual(hero)
  })

  it('does not take the word of this machine for what is pinned', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    await project.write({ 'meshy-lock.json': { version: 1, models: {} } })

    const { code, stderr } = await viteBuild(project, { ...keyless(emulator), CI: 'true' })

    expect(code).toBe(1)
    expect(stderr).toContain('MESHY_MODEL_MISSING')
    expect(JSON.parse(await readFile(path.join(project.root, 'meshy-lock.json'), 'utf8'))).toMatchObject({
      models: {},
    })
  })
})

async function built(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({ pictures: { 'car.png': 'car.png', 'pig.png': 'pig.png' } })
  await buildHere(project, emulator)
  return project
}

async function withTwoNewImports(project: Project): Promise<Project> {
  await project.write({
    'main.js': `${importing('./hero.png?meshy', './car.png?meshy')}import './src/extra.js'\n`,
    'src/extra.js': importing('../pig.png?meshy&texture=false'),
  })
  return project
}
