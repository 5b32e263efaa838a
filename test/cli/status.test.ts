import { readdir, rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { mustSucceed } from '../support/project.ts'
import {
  blobOf,
  emulate,
  emulated,
  importing,
  json,
  makeModels,
  readPins,
  runCli,
  viteProject,
  VITE_CONFIG,
} from './harness.ts'

interface StatusJson {
  models: { image: string; state: string; pinned: boolean; source?: string; bytes: number; credits: number }[]
  blobs: { count: number; bytes: number; unusedBytes: number }
  spent: { credits: number; emulated: number; days: { day: string; emulated: number }[] }
}

const SPECIFIERS = ['./hero.png?meshy', './car.png?meshy&texture=false']
const TWO_MODELS = {
  files: { 'main.js': importing(...SPECIFIERS) },
  pictures: { 'car.png': 'car.png' },
}

describe('status', () => {
  it('tells states, sizes and credits, by day and in all, and sends nothing', async () => {
    const emulator = await emulate()
    const project = await viteProject(TWO_MODELS)
    await makeModels(project, emulator, ...SPECIFIERS)
    const { 'car.png': car, 'hero.png': hero } = await readPins(project)
    if (!car || !hero) throw new Error('Both are pinned.')
    await rm(blobOf(project, car))
    const before = emulator.counts.total

    const { stdout } = await mustSucceed(runCli(['status', '--json'], { cwd: project.root }))

    const { models, blobs, spent } = json<StatusJson>(stdout)
    const bytes = hero.files['glb']?.bytes ?? 0
    expect(models).toMatchObject([
      { image: 'car.png', state: 'restorable', pinned: true, source: 'emulator', credits: 20 },
      {
        image: 'hero.png',
        state: 'ready',
        pinned: true,
        source: 'emulator',
        bytes,
        credits: 30,
        aiModel: 'meshy-7.1',
      },
    ])
    expect(blobs).toEqual({ count: 1, bytes, unusedBytes: 0 })
    expect(spent).toMatchObject({ credits: 0, emulated: 50, days: [{ emulated: 50 }] })
    expect(emulator.counts.total).toBe(before)
  })

  it('tells models of one image apart by what was asked for', async () => {
    const emulator = await emulate()
    const project = await viteProject({ pictures: { 'car.png': 'car.png' } })
    await makeModels(
      project,
      emulator,
      './hero.png?meshy&take=2',
      './hero.png?no-texture&meshy&poly=900',
      './car.png?meshy&pbr',
    )

    const { stdout } = await mustSucceed(runCli(['status'], { cwd: project.root }))

    const names = stdout.split('\n').flatMap((line) => /^(\S+) +[0-9a-f]{16} /.exec(line)?.[1] ?? [])
    expect(names.toSorted()).toEqual([
      'car.png',
      'hero.png?meshy&no-texture&poly=900',
      'hero.png?meshy&take=2',
    ])
  })

  it('says like `verify` and `pin` that a project without a lockfile pins nothing', async () => {
    const emulator = await emulate()
    const config = VITE_CONFIG.replace('meshy()', 'meshy({ lockfile: false })')
    const { root: cwd } = await viteProject({ files: { 'vite.config.js': config } })
    await mustSucceed(runCli(['generate'], { cwd, env: emulated(emulator) }))
    const names = await readdir(`${cwd}/.meshy/blobs`, { recursive: true })
    const file = names.find((name) => name.endsWith('.glb')) ?? ''
    const told = 'Nothing is pinned, because the option `lockfile` is `false`.'

    const status = await mustSucceed(runCli(['status'], { cwd }))
    const verify = await mustSucceed(runCli(['verify'], { cwd }))
    const pin = await mustSucceed(
      runCli(['pin', './hero.png?meshy', `.meshy/blobs/${file}`], { cwd, env: emulated(emulator) }),
    )

    for (const { stdout } of [status, verify, pin]) expect(stdout).toContain(told)
    expect(status.stdout).toContain('1 model: 1 ready\n')
    expect(status.stdout).not.toContain('not pinned')
    expect(verify.stdout).toContain('1 stored file, all present and correct.')
  })

  it('counts what is stored, and nothing that was given up', async () => {
    const emulator = await emulate()
    const project = await viteProject(TWO_MODELS)
    const { root: cwd } = project
    await makeModels(project, emulator, ...SPECIFIERS)

    const before = await mustSucceed(runCli(['status'], { cwd }))
    await mustSucceed(runCli(['forget', './car.png?meshy&texture=false'], { cwd, env: emulated(emulator) }))
    const after = await mustSucceed(runCli(['status'], { cwd }))

    expect(before.stdout).toContain('cost of what is stored here: 0 credits, and 50 credits of an emulator')
    expect(after.stdout).toContain('cost of what is stored here: 0 credits, and 30 credits of an emulator')
    expect(before.stdout + after.stdout).not.toContain('spent')
  })

  it('tells why a model failed, and what is not pinned', async () => {
    const emulator = await emulate({
      faults: [{ kind: 'failTask', message: 'no object in the picture', type: 'invalid_input', nth: 1 }],
    })
    const project = await viteProject(TWO_MODELS)
    await runCli(['generate'], { cwd: project.root, env: emulated(emulator) })
    await rm(`${project.root}/meshy-lock.json`)

    const { stdout } = await mustSucceed(runCli(['status'], { cwd: project.root }))

    expect(stdout).toContain('no object in the picture')
    expect(stdout).toContain('not pinned')
    expect(stdout).toContain('2 models: 1 ready, 1 failed, 0 pinned')
  })

  it('says so when there is nothing', async () => {
    const { root: cwd } = await viteProject()

    expect(await runCli(['status'], { cwd })).toMatchObject({
      code: 0,
      stdout: `There are no models yet. Looked in \`${cwd}/meshy-lock.json\` and \`${cwd}/.meshy\`.\n`,
    })
  })
})
