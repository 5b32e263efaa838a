import { lstat, readdir, readFile, rename, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createLayout } from '../../src/store/layout.ts'
import { withLease } from '../../src/store/lease.ts'
import { spawnScript, type ExitedScript } from '../support/child.ts'
import { initRepository, type Repository } from '../support/git.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import {
  CLI,
  copies,
  emulate,
  importing,
  jsonError,
  keyless,
  makeModels,
  readLockfile,
  readPins,
  runCli,
  viteProject,
} from './harness.ts'

describe('merge', () => {
  it.each(['merge', 'diff3', 'zdiff3'])('unites what two branches added, in the style %s', async (style) => {
    const project = await carsAndPigs()
    const repository = await initRepository(project)
    await repository.git('config', 'merge.conflictStyle', style)
    await repository.git('checkout', '--quiet', 'cars')
    const merge = await repository.tryGit('merge', 'pigs', '--message', 'both')

    const { code } = await runCli(['merge'], { cwd: project.root })

    expect(merge.code).toBe(1)
    expect(code).toBe(0)
    expect(Object.keys(await readPins(project)).sort()).toEqual(['car.png', 'pig.png'])
    expect((await runCli(['merge'], { cwd: project.root })).stdout).toContain('nothing to merge')
  })

  it('asks for a choice when a model was made on both sides, and leaves the file alone meanwhile', async () => {
    const { project, ours, theirs } = await conflictOfBytes()
    const before = await readLockfile(project)

    const asked = await runCli(['merge', '--json'], { cwd: project.root })
    const untouched = await readLockfile(project)
    const chosen = await runCli(['merge', '--theirs'], { cwd: project.root })

    expect(asked.code).toBe(1)
    expect(jsonError(asked)).toMatchObject({
      code: 'MESHY_LOCKFILE_CONFLICT',
      details: { keys: [expect.any(String)] },
    })
    expect(untouched).toBe(before)
    expect(chosen.code).toBe(0)
    expect(chosen.stdout).toMatch(/git add "[^"]*meshy-lock\.json"$/m)
    const { 'car.png': car } = await readPins(project)
    expect([ours, theirs].indexOf(car?.files['glb']?.sha256 ?? '')).toBe(1)
  })

  it('leaves nothing behind where there is no lockfile', async () => {
    const { root: cwd } = await viteProject()
    const before = await readdir(cwd)

    const finished = await runCli(['merge', '--json'], { cwd })

    expect(jsonError(finished)).toMatchObject({ code: 'MESHY_LOCKFILE_INVALID' })
    expect(await readdir(cwd)).toEqual(before)
  })

  it('keeps the tabs of a formatter', async () => {
    const { project } = await conflictOfBytes()
    const spaced = await readLockfile(project)
    const tabbed = spaced.replaceAll(/^ +/gm, (spaces) => '\t'.repeat(spaces.length / 2))
    await project.write({ 'meshy-lock.json': tabbed })

    await mustSucceed(runCli(['merge', '--theirs'], { cwd: project.root }))

    expect(await readLockfile(project)).toMatch(/^\{\n\t"version"/)
    expect(await readLockfile(project)).not.toMatch(/^ /m)
  })

  it('keeps the link that leads to a lockfile elsewhere', async () => {
    const { project } = await conflictOfBytes()
    const [link, target] = ['meshy-lock.json', 'lock.json'].map((name) => path.join(project.root, name))
    await rename(link ?? '', target ?? '')
    await symlink('lock.json', link ?? '')

    await mustSucceed(runCli(['merge', '--ours'], { cwd: project.root }))

    expect((await lstat(link ?? '')).isSymbolicLink()).toBe(true)
    expect(await readFile(target ?? '', 'utf8')).not.toContain('<<<<<<<')
  })

  it('waits until nobody else writes the lockfile', async () => {
    const { project } = await conflictOfBytes()
    const before = await readLockfile(project)
    let merging: Promise<ExitedScript> | undefined

    await withLease(createLayout(path.join(project.root, '.meshy')).lease('lockfile'), async () => {
      const merge = spawnScript(CLI, ['merge', '--ours'], { cwd: project.root })
      merging = merge.exited
      await Promise.race([merging, merge.errorLine(/is working on/)])
      expect(await readLockfile(project)).toBe(before)
    })

    expect((await merging)?.code).toBe(0)
    expect(await readLockfile(project)).not.toBe(before)
  })

  it('settles one key at a time', async () => {
    const { project } = await conflictOfBytes()

    const other = await runCli(['merge', '--ours', '--key', '0123456789abcdef'], { cwd: project.root })
    const rest = await runCli(['merge', '--ours'], { cwd: project.root })

    expect([other.code, rest.code]).toEqual([1, 0])
  })

  it('serves as a merge driver of git', async () => {
    const project = await carsAndPigs()
    const repository = await initRepository(project)
    await useDriver(project, repository)
    await repository.git('checkout', '--quiet', 'cars')

    await repository.tryGit('merge', 'pigs', '--message', 'both')

    expect(await repository.git('diff', '--name-only', '--diff-filter', 'U')).not.toContain('meshy-lock.json')
    expect(Object.keys(await readPins(project)).sort()).toEqual(['car.png', 'pig.png'])
  })

  it('as a driver leaves a choice to people, with everything else united', async () => {
    const { project, repository, ours } = await conflictOfBytes(useDriver)

    const unmerged = await repository.git('diff', '--name-only', '--diff-filter', 'U')
    const text = await readLockfile(project)
    const chosen = await runCli(['merge', '--ours'], { cwd: project.root })

    expect(unmerged).toContain('meshy-lock.json')
    expect(text).toContain('<<<<<<< ours')
    expect(chosen.code).toBe(0)
    expect((await readPins(project))['car.png']?.files['glb']?.sha256).toBe(ours)
  })

  it.each([
    ['--ours', '--theirs'],
    ['--key', '0123456789abcdef'],
    ['--driver', 'a'],
    ['a', 'b', 'c', 'd'],
  ])('is a usage error with %s %s', async (...args) => {
    const { root: cwd } = await viteProject()

    expect((await runCli(['merge', ...args], { cwd })).code).toBe(2)
  })
})

describe('diff', () => {
  it('lists what was added, changed and removed since a revision, and what it took', async () => {
    const emulator = await emulate()
    const { project, repository } = await branchingProject()
    await addModel({ project, repository, emulator }, 'cars', './car.png?meshy')
    await project.write({ 'main.js': importing('./car.png?meshy', './pig.png?meshy&texture=false') })
    await mustSucceed(runCli(['forget', './car.png?meshy'], { cwd: project.root, env: keyless(emulator) }))
    await makeModels(project, emulator, './car.png?meshy', './pig.png?meshy&texture=false')

    const sinceHead = await mustSucceed(runCli(['diff', '--json'], { cwd: project.root }))
    const sinceMain = await mustSucceed(runCli(['diff', 'main'], { cwd: project.root }))

    expect(JSON.parse(sinceHead.stdout)).toMatchObject({
      models: [
        { change: 'changed', image: 'car.png', credits: 30 },
        { change: 'added', image: 'pig.png', credits: 20 },
      ],
      credits: 50,
    })
    expect(sinceMain.stdout).toContain('2 models since main, 50 credits')
  })

  it('lists what was removed', async () => {
    const emulator = await emulate()
    const { project, repository } = await branchingProject()
    await addModel({ project, repository, emulator }, 'cars', './car.png?meshy')
    await mustSucceed(runCli(['forget', './car.png?meshy'], { cwd: project.root, env: keyless(emulator) }))

    const { stdout } = await mustSucceed(runCli(['diff', '--json'], { cwd: project.root }))

    expect(JSON.parse(stdout)).toMatchObject({
      models: [{ change: 'removed', image: 'car.png', credits: 0 }],
    })
  })

  it('lists everything as added before the first commit', async () => {
    const emulator = await emulate()
    const project = await viteProject()
    const { git } = await initRepository(project)
    await makeModels(project, emulator, 'hero.png?meshy')

    const { stdout } = await mustSucceed(runCli(['diff', '--json'], { cwd: project.root }))

    expect(await git('rev-list', '--all')).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ models: [{ change: 'added', image: 'hero.png' }] })
  })

  it('is an error for a revision that git does not know', async () => {
    const { project } = await branchingProject()

    const finished = await runCli(['diff', 'nowhere', '--json'], { cwd: project.root })

    expect(finished.code).toBe(1)
    expect(jsonError(finished).code).toBe('MESHY_GIT_FAILED')
  })
})

/** A project without models, committed on the branch `main`. */
async function branchingProject(): Promise<{ project: Project; repository: Repository }> {
  const project = await viteProject({
    files: { 'main.js': '', '.gitignore': 'node_modules\ndist\n' },
    pictures: { 'car.png': 'car.png', 'pig.png': 'pig.png' },
  })
  const repository = await initRepository(project)
  await repository.commitAll('start')
  return { project, repository }
}

interface Work {
  project: Project
  repository: Repository
  emulator: Awaited<ReturnType<typeof emulate>>
}

/** Starts a branch at `main` on which one model is imported, generated and committed. */
async function addModel(
  { project, repository, emulator }: Work,
  branch: string,
  specifier: string,
): Promise<void> {
  await repository.git('checkout', '--quiet', '-b', branch, 'main')
  await project.write({ [`${branch}.js`]: importing(specifier), 'main.js': `import './${branch}.js'\n` })
  await forgetCache(project)
  await makeModels(project, emulator, specifier)
  await repository.commitAll(branch)
}

/** As on another machine: what is not committed is not there. */
async function forgetCache(project: Project): Promise<void> {
  await project.run('git', ['clean', '-qfdx', '.meshy'])
}

/** Two branches, each with a model of its own. */
const carsAndPigs = copies(async () => {
  const emulator = await emulate()
  const { project, repository } = await branchingProject()
  await addModel({ project, repository, emulator }, 'cars', './car.png?meshy')
  await addModel({ project, repository, emulator }, 'pigs', './pig.png?meshy')
  return project
})

/** Two branches that each made a model of the same import, at two accounts. */
const twoCars = copies(async () => {
  const { project, repository } = await branchingProject()
  for (const branch of ['ours', 'theirs']) {
    await addModel({ project, repository, emulator: await emulate() }, branch, './car.png?meshy')
  }
  return project
})

/** The merge of {@link twoCars}. */
async function conflictOfBytes(
  prepare: (project: Project, repository: Repository) => Promise<void> = async () => {},
): Promise<{ project: Project; repository: Repository; ours: string; theirs: string }> {
  const project = await twoCars()
  const repository = await initRepository(project)
  await prepare(project, repository)
  const pinOf = async (branch: string) => {
    await repository.git('checkout', '--quiet', branch)
    return (await readPins(project))['car.png']?.files['glb']?.sha256 ?? ''
  }
  const [theirs, ours] = [await pinOf('theirs'), await pinOf('ours')]
  await repository.tryGit('merge', 'theirs', '--message', 'both')
  expect(ours).not.toBe(theirs)
  return { project, repository, ours, theirs }
}

/** Has git merge lockfiles by our command, wherever it merges. */
async function useDriver(project: Project, repository: Repository): Promise<void> {
  await project.write({ '.git/info/attributes': 'meshy-lock.json merge=meshy-lock\n' })
  await repository.git(
    'config',
    'merge.meshy-lock.driver',
    `"${process.execPath}" "${CLI}" merge --driver %O %A %B`,
  )
}
