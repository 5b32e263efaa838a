import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import {
  emulate,
  emulated,
  importing,
  json,
  keyless,
  makeModels,
  readPins,
  readTree,
  runCli,
  viteProject,
  VITE_CONFIG,
} from './harness.ts'

interface PruneJson {
  models: { image: string; pinned: boolean }[]
  blobs: object[]
  used: string[]
  removed: boolean
}

describe('prune', () => {
  it('lists what the build does not use, and removes it when told so', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    await project.write({ 'main.js': importing('./hero.png?meshy') })
    const env = keyless(emulator)
    const before = await readTree(path.join(project.root, '.meshy'))

    const listed = await mustSucceed(runCli(['prune', '--json'], { cwd: project.root, env }))
    const untouched = await readTree(path.join(project.root, '.meshy'))
    const pruned = await mustSucceed(runCli(['prune', '--yes'], { cwd: project.root, env }))

    expect(json<PruneJson>(listed.stdout)).toMatchObject({
      models: [{ image: 'car.png', pinned: true }],
      blobs: [{ ext: 'glb' }],
      removed: false,
    })
    expect(untouched).toEqual(before)
    expect(pruned.stdout).toContain('Removed 1 model, 1 file')
    const { 'hero.png': hero, ...others } = await readPins(project)
    expect(others).toEqual({})
    expect(await namesIn(project, 'entries')).toEqual([`${hero?.key}.json`])
    expect(await namesIn(project, 'out')).toEqual([hero?.key])
    expect((await runCli(['verify'], { cwd: project.root, env })).code).toBe(0)
  })

  it('keeps what any of the named builds uses', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    await project.write({
      'main.js': importing('./hero.png?meshy'),
      'admin.js': importing('./car.png?meshy'),
      'admin.config.js': VITE_CONFIG.replace('main.js', 'admin.js'),
    })

    const { stdout } = await mustSucceed(
      runCli(['prune', '.', 'admin.config.js', '--yes', '--json'], {
        cwd: project.root,
        env: keyless(emulator),
      }),
    )

    expect(json<PruneJson>(stdout)).toMatchObject({ models: [], blobs: [] })
    expect(Object.keys(await readPins(project))).toHaveLength(2)
  })

  it.each([[['--config', 'admin.config.js']], [['admin.config.js']]])(
    'looks where the build of %j has its models',
    async (build) => {
      const emulator = await emulate()
      const project = await generated(emulator)
      const options = "meshy({ cacheDir: 'admin', lockfile: 'admin.json' })"
      await project.write({
        'main.js': importing('./hero.png?meshy'),
        'admin.config.js': VITE_CONFIG.replace('meshy()', options),
      })
      const at = (name: string) => path.join(project.root, name)
      await Promise.all([rename(at('.meshy'), at('admin')), rename(at('meshy-lock.json'), at('admin.json'))])

      const run = { cwd: project.root, env: keyless(emulator) }
      const { stdout } = await mustSucceed(runCli(['prune', ...build, '--json'], run))

      expect(json<PruneJson>(stdout)).toMatchObject({ models: [{ image: 'car.png', pinned: true }] })
    },
  )

  it('removes nothing when a build fails, since then not every import is known', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    await project.write({ 'main.js': `${importing('./hero.png?meshy')}import './nowhere.js'\n` })

    const { code } = await runCli(['prune', '--yes'], { cwd: project.root, env: keyless(emulator) })

    expect(code).not.toBe(0)
    expect(Object.keys(await readPins(project))).toHaveLength(2)
  })

  it('leaves the files alone while a model is on its way', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const { 'car.png': car } = await readPins(project)
    const env = emulated(emulator)
    await project.write({ 'main.js': importing('./hero.png?meshy') })
    await mustSucceed(
      runCli(['adopt', car?.task?.id ?? '', './hero.png?meshy&pbr', '--force'], { cwd: project.root, env }),
    )

    const { stdout } = await mustSucceed(runCli(['prune', '--json'], { cwd: project.root, env }))

    expect(json<PruneJson>(stdout)).toMatchObject({ models: [{ image: 'car.png' }], blobs: [], busy: true })
  })

  it.each(['prune', 'report'])(
    'and its kin refuse a project without a build of Vite: %s',
    async (command) => {
      const manifest = { name: 'other', private: true, type: 'module', scripts: { build: 'webpack' } }
      const project = await viteProject({ files: { 'package.json': manifest } })
      await rm(path.join(project.root, 'vite.config.js'))

      const { code, stderr } = await runCli([command], { cwd: project.root })

      expect(code).toBe(1)
      expect(stderr).toContain('MESHY_VITE_MISSING')
      expect(stderr).toContain('npx unplugin-meshy plan -- npm run build')
      expect(await readdir(project.root)).not.toContain('meshy-report.html')
    },
  )

  it('is a usage error for a build that does not exist', async () => {
    const { root: cwd } = await viteProject()

    expect((await runCli(['prune', 'nowhere.config.js'], { cwd })).code).toBe(2)
  })
})

async function generated(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({
    files: { 'main.js': importing('./hero.png?meshy', './car.png?meshy') },
    pictures: { 'car.png': 'car.png' },
  })
  await makeModels(project, emulator, './hero.png?meshy', './car.png?meshy')
  return project
}

function namesIn({ root }: Project, folder: string): Promise<string[]> {
  return readdir(path.join(root, '.meshy', folder))
}
