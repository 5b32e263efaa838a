import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import {
  blobOf,
  buildHere,
  emulate,
  emulated,
  importing,
  keyless,
  readLockfile,
  readPins,
  readTree,
  runCli,
  viteBuild,
  viteProject,
  type LockedModel,
} from '../cli/harness.ts'
import { mustSucceed, type Project } from '../support/project.ts'

describe('a pinned model whose bytes are gone', () => {
  it('comes back from its task, unpaid, and gives the same output', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const before = await readTree(path.join(project.root, 'dist'))
    await loseBytes(project)

    const { code } = await viteBuild(project, { ...emulated(emulator), CI: 'true' })

    expect({ code, created: emulator.counts.created }).toEqual({ code: 0, created: 2 })
    expect(await readTree(path.join(project.root, 'dist'))).toEqual(before)
  })

  it('is an error with the ways out when its task is gone as well, and nothing is paid', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const lockfile = await readLockfile(project)
    await loseBytes(project)
    for (const { task } of Object.values(await readPins(project))) {
      await mustSucceed(runCli(['tasks', 'delete', task?.id ?? ''], { env: emulated(emulator) }))
    }

    for (const mode of ['generate', 'frozen']) {
      const { code, stderr } = await viteBuild(project, { ...emulated(emulator), MESHY_MODE: mode })

      expect(code).toBe(1)
      expect(stderr).toContain('MESHY_MODEL_UNRESTORABLE')
      expect(stderr).toMatch(/git lfs pull/)
      expect(stderr).toMatch(/unplugin-meshy forget [0-9a-f]{16}/)
    }
    expect(emulator.counts.created).toBe(2)
    expect(await readLockfile(project)).toBe(lockfile)
  })

  it('is an error that names git when only its pointer of Git LFS is there', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const { 'hero.png': hero } = await readPins(project)
    await loseBytes(project)
    await writePointer(blobOf(project, hero as LockedModel))

    const { code, stderr } = await viteBuild(project, { ...keyless(emulator), CI: 'true' })

    expect(code).toBe(1)
    expect(stderr).toContain('MESHY_BLOB_LFS_POINTER')
    expect(stderr).toContain('git lfs pull')
  })

  it('is a stand-in in `preview`, and fetched from the task by a build, where only its pointer is there', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const { 'hero.png': hero } = await readPins(project)
    const before = await readTree(path.join(project.root, 'dist'))
    await loseBytes(project)
    await writePointer(blobOf(project, hero as LockedModel))

    const preview = await viteBuild(project, { ...keyless(emulator), MESHY_MODE: 'preview' })
    expect([preview.code, preview.stderr]).toEqual([0, expect.stringContaining('git lfs pull')])

    await mustSucceed(viteBuild(project, emulated(emulator)))
    expect(await readTree(path.join(project.root, 'dist'))).toEqual(before)
    expect(emulator.counts.created).toBe(2)
  })
})

describe('a cache that somebody tampered with', () => {
  it('never ships swapped bytes', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const before = await readTree(path.join(project.root, 'dist'))
    const { 'hero.png': hero, 'car.png': car } = await readPins(project)
    await rm(path.join(project.root, '.meshy', 'out'), { recursive: true })
    await copyFile(blobOf(project, car as LockedModel), blobOf(project, hero as LockedModel))

    const withoutKey = await viteBuild(project, { ...keyless(emulator), CI: 'true' })
    const withKey = await viteBuild(project, { ...emulated(emulator), CI: 'true' })

    expect([withoutKey.code, withKey.code]).toEqual([1, 0])
    expect(await readTree(path.join(project.root, 'dist'))).toEqual(before)
  })

  it('never ships what a rewritten entry says, where the lockfile says otherwise', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const before = await readTree(path.join(project.root, 'dist'))
    const { 'hero.png': hero, 'car.png': car } = await readPins(project)
    const entry = path.join(project.root, '.meshy', 'entries', `${hero?.key}.json`)
    const text = await readFile(entry, 'utf8')
    const [from, to] = [hero?.files['glb'], car?.files['glb']]
    await writeFile(
      entry,
      text.replace(from?.sha256 ?? '', to?.sha256 ?? '').replace(`${from?.bytes}`, `${to?.bytes}`),
    )

    for (const mode of ['generate', 'frozen']) {
      await mustSucceed(viteBuild(project, { ...emulated(emulator), MESHY_MODE: mode }))

      expect(await readTree(path.join(project.root, 'dist'))).toEqual(before)
    }
    expect((await readPins(project))['hero.png']).toEqual(hero)
  })

  it('never ships a copy that was changed', async () => {
    const emulator = await emulate()
    const project = await built(emulator)
    const before = await readTree(path.join(project.root, 'dist'))
    const { 'hero.png': hero, 'car.png': car } = await readPins(project)
    const copy = path.join(project.root, '.meshy', 'out', hero?.key ?? '', 'hero.glb')
    await rm(copy)
    await copyFile(blobOf(project, car as LockedModel), copy)

    await mustSucceed(viteBuild(project, { ...keyless(emulator), CI: 'true' }))

    expect(await readTree(path.join(project.root, 'dist'))).toEqual(before)
  })
})

async function built(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({
    files: { 'main.js': importing('./hero.png?meshy', './car.png?meshy') },
    pictures: { 'car.png': 'car.png' },
  })
  await buildHere(project, emulator)
  return project
}

async function loseBytes({ root }: Project): Promise<void> {
  await rm(path.join(root, '.meshy', 'blobs'), { recursive: true })
  await rm(path.join(root, '.meshy', 'out'), { recursive: true })
}

async function writePointer(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(
    file,
    `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 17000\n`,
  )
}
