import { chown, mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../src/run/open-project.ts'
import { findProject, findUnread } from '../../src/run/project.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('findProject', () => {
  const { path } = useTempDir()
  const web = () => path('shared', 'repo', 'packages', 'web')

  async function write(...files: string[]): Promise<void> {
    await mkdir(web(), { recursive: true })
    for (const file of files) {
      await mkdir(dirname(path('shared', file)), { recursive: true })
      await writeFile(path('shared', file), '{}')
    }
  }

  it.each([
    ['the root itself when nothing is there', [], 'repo/packages/web', undefined],
    [
      'the root with a lockfile',
      ['repo/packages/web/meshy-lock.json', 'repo/meshy-lock.json'],
      'repo/packages/web',
    ],
    ['a folder above with a lockfile', ['repo/meshy-lock.json'], 'repo'],
    ['a folder above with a config file', ['repo/meshy.config.ts'], 'repo', 'meshy.config.ts'],
    ['the nearest one', ['repo/meshy.config.json', 'repo/packages/meshy-lock.json'], 'repo/packages'],
    ['a folder with both', ['repo/meshy.config.mjs', 'repo/meshy-lock.json'], 'repo', 'meshy.config.mjs'],
    [
      'the nearest package when neither is there',
      ['repo/package.json', 'repo/packages/package.json'],
      'repo/packages',
    ],
    [
      'a lockfile above the nearest package',
      ['repo/meshy-lock.json', 'repo/packages/web/package.json'],
      'repo',
    ],
  ])('finds %s', async (_, files, dir, configFile = undefined) => {
    await write('repo/.git/HEAD', ...files)

    expect(findProject(web())).toEqual({
      dir: path('shared', dir),
      configFile: configFile && path('shared', dir, configFile),
      workspace: path('shared', 'repo'),
    })
  })

  it.each([
    ['a repository', 'repo/.git/HEAD', '{}'],
    ['a worktree or a submodule', 'repo/.git', 'gitdir: elsewhere'],
    ['a workspace of pnpm', 'repo/pnpm-workspace.yaml', 'packages: []'],
    ['workspaces in a manifest', 'repo/package.json', '{ "workspaces": ["packages/*"] }'],
    ['workspaces in a manifest with a mark of byte order', 'repo/package.json', '\uFEFF{ "workspaces": [] }'],
    ['a workspace of Lerna', 'repo/lerna.json', '{}'],
    ['a workspace of Nx', 'repo/nx.json', '{}'],
    ['a workspace of Rush', 'repo/rush.json', '{}'],
  ])('looks no higher than %s', async (_, mark, text) => {
    await write('meshy.config.mjs', 'meshy-lock.json', 'package.json')
    await mkdir(dirname(path('shared', mark)), { recursive: true })
    await writeFile(path('shared', mark), text)

    const { workspace, configFile } = findProject(web())

    expect([workspace, configFile]).toEqual([path('shared', 'repo'), undefined])
  })

  it.each([
    'package-lock.json',
    'npm-shrinkwrap.json',
    'pnpm-lock.yaml',
    'yarn.lock',
    'bun.lock',
    'bun.lockb',
    'deno.lock',
  ])('looks up to the nearest %s where there is no such root, as in a container', async (name) => {
    await write(
      'meshy.config.mjs',
      name,
      `repo/${name}`,
      'repo/meshy-lock.json',
      'repo/packages/web/package.json',
    )

    const repo = path('shared', 'repo')
    expect(findProject(web())).toEqual({ dir: repo, configFile: undefined, workspace: repo })
  })

  it('looks up to the repository where a package has been installed by itself', async () => {
    await write('repo/.git/HEAD', 'repo/meshy-lock.json', 'repo/packages/web/package-lock.json')

    expect(findProject(web())).toMatchObject({
      dir: path('shared', 'repo'),
      workspace: path('shared', 'repo'),
    })
  })

  it('passes over what a package manager has left at home', async () => {
    await write('package-lock.json', 'meshy.config.mjs', 'repo/package.json')
    vi.stubEnv(process.platform === 'win32' ? 'USERPROFILE' : 'HOME', path('shared'))
    onTestFinished(() => void vi.unstubAllEnvs())

    expect(findProject(web())).toMatchObject({ dir: path('shared', 'repo'), configFile: undefined })
  })

  it.each([
    ['a lockfile above', [], 'meshy-lock.json'],
    ['a config above', [], 'meshy.config.ts'],
    ['nothing above a repository', ['repo/.git/HEAD'], undefined],
  ])('leaves unread %s', async (_, files, unread) => {
    await write(unread ?? 'meshy-lock.json', 'repo/package.json', ...files)

    expect(findUnread(findProject(web()).workspace)).toBe(unread && path('shared', unread))
  })

  it('looks no higher than the nearest package where there is no such root', async () => {
    await write('meshy.config.mjs', 'meshy-lock.json', 'repo/packages/web/package.json')

    expect(findProject(web())).toEqual({ dir: web(), configFile: undefined, workspace: web() })
  })

  it.runIf(process.getuid?.() === 0)('passes over a repository of somebody else', async () => {
    await write('.git/HEAD', 'meshy.config.mjs', 'repo/package.json')
    await chown(path('shared', '.git'), 54_321, 54_321)

    expect(findProject(web())).toEqual({
      dir: path('shared', 'repo'),
      configFile: undefined,
      workspace: path('shared', 'repo'),
    })
  })
})

describe('readConfig', () => {
  const { path } = useTempDir()

  it('gives no options when there is no file', async () => {
    expect(await readConfig({ dir: path(), configFile: undefined, workspace: path() })).toEqual({})
  })

  it.each([
    ['meshy.config.ts', 'const maxCredits: number = 60\nexport default { maxCredits }\n'],
    ['meshy.config.mjs', 'export default { maxCredits: 60 }\n'],
    ['meshy.config.mts', 'const maxCredits: number = 60\nexport default { maxCredits }\n'],
    ['meshy.config.js', 'export default { maxCredits: 60 }\n'],
    ['meshy.config.cts', 'const maxCredits: number = 60\nexport = { maxCredits }\n'],
    ['meshy.config.cjs', 'module.exports = { maxCredits: 60 }\n'],
    ['meshy.config.json', '{ "maxCredits": 60 }\n'],
  ])('reads %s, and reads it again when it was saved', async (name, text) => {
    await writeFile(path(name), text)
    const before = await readConfig(findProject(path()))

    await writeFile(path(name), text.replace('60', '90'))
    await utimes(path(name), new Date(), new Date(Date.now() + 5000))

    expect([before, await readConfig(findProject(path()))]).toEqual([{ maxCredits: 60 }, { maxCredits: 90 }])
  })

  it('reads a file that begins with a byte order mark', async () => {
    await writeFile(path('meshy.config.json'), '\uFEFF{ "maxCredits": 60 }')

    expect(await readConfig(findProject(path()))).toEqual({ maxCredits: 60 })
  })

  it.each([
    ['meshy.config.mjs', 'export default () => ({ maxCredits: 60 })', '`function`'],
    ['meshy.config.mjs', 'export const maxCredits = 60', '`undefined`'],
    ['meshy.config.json', 'null', '`null`'],
  ])('refuses %s that gives no object: %s', async (name, text, kind) => {
    await writeFile(path(name), text)

    await expect(readConfig(findProject(path()))).rejects.toMatchObject({
      code: 'MESHY_OPTIONS_INVALID',
      message: expect.stringContaining(`it exports ${kind}; expected an object`),
    })
  })

  it('names the file that cannot be loaded', async () => {
    await writeFile(path('meshy.config.mjs'), 'export default {')

    await expect(readConfig(findProject(path()))).rejects.toMatchObject({
      code: 'MESHY_OPTIONS_INVALID',
      message: expect.stringContaining('meshy.config.mjs'),
    })
  })
})
