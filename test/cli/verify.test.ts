import { readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import {
  blobOf,
  emulate,
  emulated,
  json,
  jsonError,
  makeModels,
  readPins,
  runCli,
  viteProject,
} from './harness.ts'

interface VerifyJson {
  files: { image: string; role: string; status: string; copy?: string }[]
  bad: number
}

describe('verify', () => {
  it('passes when every pinned file is present and correct', async () => {
    const emulator = await emulate()
    const { root: cwd } = await generated(emulator)

    const { code, stdout } = await runCli(['verify'], { cwd })

    expect({ code, stdout }).toEqual({ code: 0, stdout: '3 pinned files, all present and correct.\n' })
  })

  it('is no success where nothing is pinned, and tells where it looked', async () => {
    const { root: cwd } = await viteProject({})

    const finished = await runCli(['verify', '--json'], { cwd })

    expect({ code: finished.code, error: jsonError(finished).code }).toEqual({
      code: 1,
      error: 'MESHY_LOCKFILE_EMPTY',
    })
    expect(finished.stderr).toContain(`${cwd}/meshy-lock.json`)
  })

  it('tells missing, damaged and unpulled files apart', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const blobs = await blobsOf(project)
    await rm(blobs.hero)
    await flipBit(blobs.car)
    await writeFile(blobs.pig, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')

    const finished = await runCli(['verify', '--json'], { cwd: project.root })

    const { files, bad } = json<VerifyJson>(finished.stdout)
    expect(files.map(({ image, status }) => [image, status]).sort()).toEqual([
      ['car.png', 'damaged'],
      ['hero.png', 'missing'],
      ['pig.png', 'lfs-pointer'],
    ])
    expect({ code: finished.code, bad }).toEqual({ code: 1, bad: 3 })
    expect(jsonError(finished).code).toMatch(/^MESHY_BLOB_/)
  })

  it('fetches what is missing or damaged from its task, unpaid', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const blobs = await blobsOf(project)
    const before = await readFile(blobs.car)
    await rm(blobs.hero)
    await flipBit(blobs.car)

    const { code } = await runCli(['verify', '--fetch'], { cwd: project.root, env: emulated(emulator) })

    expect({ code, created: emulator.counts.created }).toEqual({ code: 0, created: 3 })
    expect(await readFile(blobs.car)).toEqual(before)
  })

  it('names the copies of what is missing, and restores from them without a key', async () => {
    const emulator = await emulate()
    const { root: cwd } = await generated(emulator)
    await rm(`${cwd}/.meshy/blobs`, { recursive: true })

    const found = await runCli(['verify', '--json'], { cwd })
    const fetched = await runCli(['verify', '--fetch'], { cwd })

    expect(json<VerifyJson>(found.stdout).files.filter(({ copy }) => copy)).toHaveLength(3)
    expect(jsonError(found).code).toBe('MESHY_BLOB_MISSING')
    expect(found.stderr).toContain('unplugin-meshy verify --fetch')
    expect({ code: fetched.code, stdout: fetched.stdout }).toEqual({
      code: 0,
      stdout: '3 pinned files, all present and correct.\n',
    })
  })

  it('fetches what it can, and tells what is gone for good', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    await rm(`${project.root}/.meshy/out`, { recursive: true })
    const blobs = await blobsOf(project)
    const { 'hero.png': hero } = await readPins(project)
    const env = emulated(emulator)
    await rm(blobs.hero)
    await rm(blobs.car)
    await mustSucceed(runCli(['tasks', 'delete', hero?.task?.id ?? ''], { env }))

    const finished = await runCli(['verify', '--fetch', '--json'], { cwd: project.root, env })

    expect(finished.code).toBe(1)
    expect(jsonError(finished).code).toBe('MESHY_MODEL_UNRESTORABLE')
    expect(json<VerifyJson>(finished.stdout)).toMatchObject({ bad: 1 })
    expect(emulator.counts.created).toBe(3)
  })
})

async function generated(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({
    pictures: { 'car.png': 'car.png', 'pig.png': 'pig.png' },
  })
  await makeModels(project, emulator, './hero.png?meshy', './car.png?meshy', './pig.png?meshy')
  return project
}

async function blobsOf(project: Project): Promise<{ hero: string; car: string; pig: string }> {
  const { 'hero.png': hero, 'car.png': car, 'pig.png': pig } = await readPins(project)
  if (!hero || !car || !pig) throw new Error('All three are pinned.')
  return { hero: blobOf(project, hero), car: blobOf(project, car), pig: blobOf(project, pig) }
}

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await writeFile(file, bytes)
}
