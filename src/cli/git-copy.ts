import { constants } from 'node:fs'
import { cp, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readIfThere } from '../system/file.ts'

/** What a repository keeps beside its objects, and no command that reads asks for. */
const LEFT_OUT = new Set(['objects', 'lfs', 'annex', 'svn', 'modules', 'worktrees', 'hooks'])
/** Where a work tree has what it shares with others, and where it is itself. */
const LINKS = new Set(['commondir', 'gitdir'])
/** Of a submodule, where its files are; of a repository that has work trees alone, that it has none. */
const PLACE = /^[ \t]*(?:worktree|bare)[ \t]*=.*$/gim

/**
 * Makes a copy of a project a repository as the project is: builds ask git for a commit, and how far a workspace goes
 * depends on it. Nothing in it leads back: what is written there stays there, and only objects are read where they are.
 *
 * @param from its `.git`: a folder, or the file that stands for one in work trees and submodules
 */
export async function copyGit(from: string, to: string): Promise<void> {
  const own = await gitFolderOf(from)
  const common = await commonFolderOf(own)
  await copyFolder(common, to)
  if (own !== common) await copyFolder(own, to)
  for (const name of ['config', 'config.worktree']) await forgetPlace(path.join(to, name))
  await mkdir(path.join(to, 'objects', 'info'), { recursive: true })
  await writeFile(path.join(to, 'objects', 'info', 'alternates'), `${path.join(common, 'objects')}\n`)
}

async function gitFolderOf(file: string): Promise<string> {
  const real = await realpath(file)
  if ((await lstat(real)).isDirectory()) return real
  const [, folder = ''] = /^gitdir: (.+)/.exec(await readFile(real, 'utf8')) ?? []
  return realpath(path.resolve(path.dirname(file), folder))
}

async function commonFolderOf(own: string): Promise<string> {
  const folder = await readIfThere(path.join(own, 'commondir'))
  return folder === undefined ? own : realpath(path.resolve(own, folder.trim()))
}

async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (source) => {
      const name = path.relative(from, source)
      if (LEFT_OUT.has(name) || LINKS.has(name) || name.endsWith('.lock')) return false
      const stats = await lstat(source)
      return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink()
    },
  })
}

async function forgetPlace(config: string): Promise<void> {
  const text = await readIfThere(config)
  if (text !== undefined) await writeFile(config, text.replace(PLACE, ''))
}
