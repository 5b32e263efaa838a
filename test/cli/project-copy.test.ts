import { chmod, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { copyProject, copyRootOf } from '../../src/cli/project-copy.ts'
import { findProject } from '../../src/run/project.ts'
import { spawnScript } from '../support/child.ts'
import { initRepository, type Repository } from '../support/git.ts'
import { createProject, mustSucceed, type Project } from '../support/project.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { CLI, viteProject } from './harness.ts'

const { path } = useTempDir()

it('a project is copied beside links that lead nowhere', async () => {
  await mkdir(path('site', 'node_modules', 'there'), { recursive: true })
  await writeFile(path('site', 'node_modules', 'there', 'index.js'), 'export {}')
  await symlink('../packages/removed', path('site', 'node_modules', 'removed'))
  await symlink('itself', path('site', 'itself'))
  await mkdir(path('site', 'docs'))
  await symlink('../../elsewhere', path('site', 'docs', 'node_modules'))

  await copyProject(path('site'), path('copy'))

  expect(await readFile(path('copy', 'node_modules', 'there', 'index.js'), 'utf8')).toBe('export {}')
})

// Only root may become somebody else.
it.skipIf(process.getuid?.() !== 0)('what the user may not read is left out of a copy', async () => {
  const { root: cwd, write } = await viteProject()
  await write({ 'data/table': 'of a database' })
  await Promise.all([chmod(cwd, 0o755), chmod(`${cwd}/data`, 0o700)])
  const build = [process.execPath, 'node_modules/vite/bin/vite.js', 'build', '--configLoader', 'native']

  const { exited } = spawnScript(CLI, ['plan', '--', ...build], { cwd, user: 65_534 })

  expect(await exited).toMatchObject({ code: 3, stdout: expect.stringContaining('hero.png') })
})

it('a workspace of packages is copied as a whole, where there is no repository', async () => {
  await mkdir(path('shop', 'packages', 'site'), { recursive: true })
  await writeFile(path('shop', 'package.json'), '{ "workspaces": ["packages/*"] }')
  await writeFile(path('shop', 'packages', 'site', 'package.json'), '{}')

  expect(copyRootOf(path('shop', 'packages', 'site'))).toBe(path('shop'))
})

describe('the copy of a repository', () => {
  /** A repository that pins its models above the package that is built. */
  async function setUp() {
    const files = { 'meshy-lock.json': { version: 1, models: {} }, 'site/package.json': { name: 'site' } }
    const project = await createProject({ files })
    onTestFinished(() => project.remove())
    const repository = await initRepository(project)
    await repository.commitAll('Begin')
    return { project, repository, at: path('copy') }
  }

  async function commitIn(project: Project, folder: string): Promise<string> {
    return (await mustSucceed(project.run('git', ['-C', folder, 'log', '--format=%H %s']))).stdout
  }

  it('has the lockfile of the project', async () => {
    const { project, at } = await setUp()

    await copyProject(copyRootOf(`${project.root}/site`), at)

    expect(findProject(`${project.root}/site`).dir).toBe(project.root)
    expect(findProject(`${at}/site`)).toMatchObject({ dir: at, workspace: at })
  })

  it('tells its commits, and keeps to itself what is committed there', async () => {
    const { project, at } = await setUp()
    await copyProject(project.root, at)
    const before = await commitIn(project, '.')

    const copied = await commitIn(project, at)
    const commit = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '-qam', 'More']
    await mustSucceed(project.run('git', ['-C', at, ...commit, '--allow-empty']))

    expect(copied).toBe(before)
    expect(await commitIn(project, '.')).toBe(before)
  })

  it.each([
    ['a work tree', workTree],
    ['a work tree of a repository that has no other', workTreeOfBare],
    ['a submodule', submodule],
  ])('tells the commits of %s, and leaves it alone', async (_, make) => {
    const { project, repository, at } = await setUp()
    const folder = await make(repository)
    const before = await commitIn(project, folder)

    await copyProject(`${project.root}/${folder}`, at)
    const copied = await commitIn(project, at)
    const inCopy = async (...args: string[]) => mustSucceed(project.run('git', ['-C', at, ...args]))
    const { stdout: top } = await inCopy('rev-parse', '--show-toplevel')
    const somebody = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
    await inCopy('checkout', '--quiet', '-B', 'side')
    await inCopy(...somebody, 'commit', '--quiet', '--allow-empty', '--message', 'More')

    expect(copied).toBe(before)
    expect(top.trim()).toBe(await realpath(at))
    expect(await commitIn(project, folder)).toBe(before)
    expect(await repository.git('-C', folder, 'branch', '--list', 'side')).toBe('')
  })

  async function workTree({ git }: Repository): Promise<string> {
    await git('worktree', 'add', '--quiet', 'tree')
    return 'tree'
  }

  async function workTreeOfBare({ git }: Repository): Promise<string> {
    await git('clone', '--quiet', '--bare', '.', 'bare')
    await git('-C', 'bare', 'worktree', 'add', '--quiet', '../tree', 'main')
    return 'tree'
  }

  async function submodule({ git }: Repository): Promise<string> {
    await git('clone', '--quiet', '.', 'other')
    await git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', './other', 'part')
    return 'part'
  }
})
