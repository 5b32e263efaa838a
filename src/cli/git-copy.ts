import { constants } from 'node:fs'
import { cp, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** What a repository keeps beside its objects, and no command that reads asks for. */
const LEFT_OUT = new Set(['objects', 'lfs', 'modules', 'worktrees', 'hooks'])

/**
 * Makes a copy of a project a repository as the project is: builds ask git for a commit, and how far a workspace goes
 * depends on it. What is written there stays there; objects are read where they are.
 *
 * @param from its `.git`: a folder, or the file that stands for one in work trees and submodules
 */
export async function copyGit(from: string, to: string): Promise<void> {
  const real = await realpath(from)
  if ((await lstat(real)).isFile()) {
    const [, folder = ''] = /^gitdir: (.+)/.exec(await readFile(real, 'utf8')) ?? []
    return writeFile(to, `gitdir: ${path.resolve(path.dirname(from), folder)}\n`)
  }
  await cp(real, to, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (source) => {
      const stats = await lstat(source)
      const isPlain = stats.isFile() || stats.isDirectory() || stats.isSymbolicLink()
      return isPlain && !LEFT_OUT.has(path.relative(real, source))
    },
  })
  const objects = path.join(to, 'objects', 'info')
  await mkdir(objects, { recursive: true })
  await writeFile(path.join(objects, 'alternates'), `${path.join(real, 'objects')}\n`)
}
