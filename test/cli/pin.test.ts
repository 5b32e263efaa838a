import { copyFile, writeFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { riggedSample } from '../derive/support/sample.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import {
  blobOf,
  cloneOf,
  emulate,
  emulated,
  importing,
  json,
  jsonError,
  keyless,
  makeModels,
  readPins,
  readTree,
  runCli,
  viteBuild,
  viteProject,
} from './harness.ts'

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:${'0'.repeat(64)}
size 1234
`

describe('pin', () => {
  it('gives an import own bytes, which builds ship without a key', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    const env = keyless(emulator)

    const pinned = await runCli(['pin', './hero.png?meshy&pbr', 'mine.glb', '--json'], {
      cwd: project.root,
      env,
    })
    await project.write({ 'main.js': importing('./hero.png?meshy&pbr') })
    const clone = await cloneOf(project)
    const built = await viteBuild(clone, { ...env, CI: 'true' })

    expect(pinned).toMatchObject({ code: 0, stderr: '' })
    expect(built).toMatchObject({ code: 0 })
    const { sha256 } = json<{ sha256: string }>(pinned.stdout)
    const { 'hero.png': entry } = await readPins(project)
    expect(entry).toMatchObject({ source: 'pinned', files: { glb: { sha256 } } })
    expect(entry).not.toHaveProperty('task')
    const shipped = Object.entries(await readTree(path.join(clone.root, 'dist'))).filter(([name]) =>
      name.endsWith('.glb'),
    )
    const mine = (await readTree(clone.root))['mine.glb']
    expect(shipped.map(([, bytes]) => bytes)).toEqual([mine])
    expect((await runCli(['status'], { cwd: project.root, env })).stdout).toContain('own bytes')
  })

  it('measures a rigged model that meshopt packs, bones included', async () => {
    const project = await viteProject()
    const plan = { compress: 'meshopt' } as const
    const { glb } = await deriveModel(await riggedSample().write(), { plan, extras: {} })
    await writeFile(path.join(project.root, 'mine.glb'), glb)

    await mustSucceed(runCli(['pin', './hero.png?meshy', 'mine.glb'], { cwd: project.root }))

    const { 'hero.png': entry } = await readPins(project)
    expect(entry?.facts.bounds.size[0]).toBeCloseTo(2, 2)
    expect(entry?.facts.triangles).toBe(1152)
  })

  it('replaces what was generated', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    await makeModels(project, emulator, './car.png?meshy')
    const { 'car.png': made } = await readPins(project)

    await mustSucceed(
      runCli(['pin', './car.png?meshy', 'mine.glb'], { cwd: project.root, env: keyless(emulator) }),
    )

    const { 'hero.png': hero, 'car.png': car } = await readPins(project)
    expect([made?.source, car?.source]).toEqual(['emulator', 'pinned'])
    expect(car?.files['glb']).toEqual(hero?.files['glb'])
  })

  it("leaves out the pictures that a model of one's own does not have, and says so once", async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    const env = keyless(emulator)
    const specifier = './car.png?meshy&thumbnail&textures&multi_view_thumbnails'
    await project.write({ 'main.js': importing(specifier) })

    await mustSucceed(runCli(['pin', specifier, 'mine.glb'], { cwd: project.root, env }))
    const built = await viteBuild(project, { ...env, CI: 'true' })

    expect(built.code).toBe(0)
    expect(built.stderr.match(/car\.png is a model of your own/g)).toHaveLength(1)
  })

  it.each([
    ['text.glb', 'MESHY_GLB_INVALID'],
    ['none.glb', 'MESHY_GLB_INVALID'],
    ['loop.glb', 'MESHY_GLB_INVALID'],
  ])('refuses %s', async (file, code) => {
    const { root: cwd } = await viteProject({ files: { 'text.glb': 'no model' } })
    await symlink('loop.glb', path.join(cwd, 'loop.glb'))

    const finished = await runCli(['pin', './hero.png?meshy', file, '--json'], { cwd })

    expect(finished.code).toBe(1)
    expect(jsonError(finished).code).toBe(code)
  })

  it('leads from a Git LFS pointer to the bytes', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    await writeFile(path.join(project.root, 'mine.glb'), LFS_POINTER)

    const finished = await runCli(['pin', './hero.png?meshy', 'mine.glb', '--json'], { cwd: project.root })

    expect(finished.code).toBe(1)
    expect(jsonError(finished)).toMatchObject({
      code: 'MESHY_GLB_INVALID',
      hint: expect.stringContaining('git lfs pull'),
    })
  })

  it('refuses while a paid model is on its way', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    const { 'hero.png': hero } = await readPins(project)
    const env = emulated(emulator)
    const adopt = ['adopt', hero?.task?.id ?? '', './car.png?meshy', '--force']
    await mustSucceed(runCli(adopt, { cwd: project.root, env }))

    const finished = await runCli(['pin', './car.png?meshy', 'mine.glb', '--json'], {
      cwd: project.root,
      env,
    })

    expect(finished.code).toBe(1)
    expect(jsonError(finished).code).toBe('MESHY_COMMAND_REFUSED')
  })

  it('is a usage error for a key, which says nothing of an import', async () => {
    expect((await runCli(['pin', '0123456789abcdef', 'mine.glb'])).code).toBe(2)
  })
})

/** A project with `mine.glb`, a model as somebody may have retouched it. */
describe('own bytes', () => {
  it('give way to the paid task that they replaced, as `forget` says', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    const where = { cwd: project.root, env: emulated(emulator) }
    await mustSucceed(runCli(['pin', './hero.png?meshy', 'mine.glb'], where))

    const { stdout } = await mustSucceed(runCli(['forget', './hero.png?meshy'], where))
    await makeModels(project, emulator, './hero.png?meshy')

    expect(stdout).toMatch(/adopts the task of the account that carries this key/)
    expect(emulator.counts.posts).toBe(1)
  })

  it('of an emulator are not those of the service, and a plan says how to pin them there', async () => {
    const emulator = await emulate()
    const project = await projectWithModel(emulator)
    await project.write({ 'main.js': importing('./car.png?meshy') })
    const pinCar = (env: Record<string, string>) =>
      mustSucceed(runCli(['pin', './car.png?meshy', 'mine.glb'], { cwd: project.root, env }))
    await pinCar(keyless(emulator))

    const before = await runCli(['plan'], { cwd: project.root })
    await pinCar({})
    const after = await runCli(['plan'], { cwd: project.root })

    expect(before.code).toBe(3)
    expect(before.stdout).toContain('`unplugin-meshy pin`, run without one')
    expect(after.code).toBe(0)
  })
})

async function projectWithModel(emulator: Awaited<ReturnType<typeof emulate>>): Promise<Project> {
  const project = await viteProject({ pictures: { 'car.png': 'car.png' } })
  await makeModels(project, emulator, './hero.png?meshy')
  const { 'hero.png': hero } = await readPins(project)
  if (!hero) throw new Error('It is pinned.')
  await copyFile(blobOf(project, hero), path.join(project.root, 'mine.glb'))
  return project
}
