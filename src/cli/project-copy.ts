import { constants, existsSync } from 'node:fs'
import { access, cp, lstat, mkdir, readdir, realpath, symlink, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { findWorkspace, foldersUpTo, hasManifest } from '../run/project.ts'
import { hasErrno } from '../system/errors.ts'
import { realpathIfThere, readIfThere } from '../system/file.ts'

/** Neither sources nor what a build reads; node_modules are linked. */
const LEFT_OUT = new Set(['.meshy', '.next', '.turbo', '.cache', '.parcel-cache', '.output'])
/** In a folder of packages: what is not a package but still needed. */
const HIDDEN_NEEDED = new Set(['.bin', '.pnpm', '.prisma', '.package-lock.json', '.modules.yaml'])

/**
 * Copies what a build of a project may read: the sources of its whole repository, with the installed packages as links.
 * A build can then empty, write and generate whatever it likes.
 *
 * @param of as returned by {@link copyRootOf}
 * @param at a folder that does not exist yet
 */
export async function copyProject(of: string, at: string): Promise<void> {
  const packageFolders: string[] = []
  const pnpFolders = new Set<string>()
  const repositories: string[] = []
  await copyTree(of, at, (source) => {
    const name = path.basename(source)
    if (source === of) return true
    if (name.startsWith('.pnp.')) pnpFolders.add(path.dirname(source))
    const isOfPackages = name === 'node_modules' || name === '.yarn'
    if (isOfPackages) packageFolders.push(source)
    if (name === '.git') repositories.push(source)
    return name !== '.git' && !isOfPackages && !LEFT_OUT.has(name)
  })
  const place = { of: await realpath(of), at }
  for (const folder of packageFolders) {
    const copy = path.join(at, path.relative(of, folder))
    if (path.basename(folder) === '.yarn') await symlink(folder, copy, 'junction')
    else await linkPackages(folder, copy, place)
  }
  for (const source of repositories) await copyGit(source, path.join(at, path.relative(of, source)))
  for (const folder of pnpFolders) await movePnp(place, path.join(at, path.relative(of, folder)))
}

/** The folder to copy: the repository, or else the workspace, or else the package that a folder belongs to. */
export function copyRootOf(folder: string): string {
  const above = foldersUpTo(folder)
  const isHome = (dir: string) => dir === homedir() || dir === path.parse(dir).root
  const repository = above.find((dir) => existsSync(path.join(dir, '.git')))
  if (repository && !isHome(repository)) return repository
  const workspace = findWorkspace(folder)
  if (!isHome(workspace)) return workspace
  return above.find((dir) => !isHome(dir) && hasManifest(dir)) ?? folder
}

/**
 * Links each package individually: those of the workspace lead into the copy, and caches that tools keep here stay out.
 */
async function linkPackages(from: string, to: string, place: { of: string; at: string }): Promise<void> {
  if (!(await lstat(from)).isDirectory()) {
    return symlink((await realpathIfThere(from)) ?? from, to, 'junction')
  }
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const { name } = entry
    if (name.startsWith('.') && !HIDDEN_NEEDED.has(name)) continue
    const source = path.join(from, name)
    const target = path.join(to, name)
    if (name.startsWith('@') && entry.isDirectory()) await linkPackages(source, target, place)
    else await symlink(await targetOf(source, place), target, 'junction')
  }
}

async function targetOf(source: string, { of, at }: { of: string; at: string }): Promise<string> {
  const real = await realpathIfThere(source)
  // Package managers leave links to packages that were removed: nobody misses what they led to.
  if (real === undefined) return source
  const relative = path.relative(of, real)
  const isOfWorkspace = !relative.startsWith('..') && !relative.split(path.sep).includes('node_modules')
  return isOfWorkspace ? path.join(at, relative) : source
}

/** Data that a repository keeps besides its objects, and that no reading command needs. */
const NO_PART_OF_GIT = new Set(['objects', 'lfs', 'annex', 'svn', 'modules', 'worktrees', 'hooks'])
/** Where a work tree has what it shares with others, and where it is itself. */
const LINKS = new Set(['commondir', 'gitdir'])
/** For a submodule, the location of its files; for a repository that only has work trees, that it has none itself. */
const PLACE = /^[ \t]*(?:worktree|bare)[ \t]*=.*$/gim

/**
 * Makes a copy of a project a repository like the project: builds ask git for a commit, and the extent of a workspace
 * depends on it. Nothing in it leads back: what is written there stays there, and only objects are read from their
 * original place.
 *
 * @param from its `.git`: a folder, or the file that replaces it in work trees and submodules
 */
async function copyGit(from: string, to: string): Promise<void> {
  const own = await gitFolderOf(from)
  const common = await commonFolderOf(own)
  await copyGitFolder(common, to)
  if (own !== common) await copyGitFolder(own, to)
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

async function copyGitFolder(from: string, to: string): Promise<void> {
  await copyTree(from, to, (source) => {
    const name = path.relative(from, source)
    return !NO_PART_OF_GIT.has(name) && !LINKS.has(name) && !name.endsWith('.lock')
  })
}

/** Copies files, folders and links; what else may be there, such as a socket, is nothing to read. */
/** What is another user's, such as the files of a database, no build of this one reads. */
async function isReadable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK)
    return true
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM')) return false
    throw error
  }
}

async function copyTree(from: string, to: string, isWanted: (source: string) => boolean): Promise<void> {
  const filter = async (source: string) => {
    if (!isWanted(source)) return false
    const stats = await lstat(source)
    if (stats.isSymbolicLink()) return true
    return (stats.isFile() || stats.isDirectory()) && (await isReadable(source))
  }
  await cp(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE, filter })
}

async function forgetPlace(config: string): Promise<void> {
  const text = await readIfThere(config)
  if (text !== undefined) await writeFile(config, text.replace(PLACE, ''))
}

/** Where Yarn's Plug'n'Play stores the locations of all packages, relative to the file itself. */
const FILES = ['.pnp.cjs', '.pnp.data.json']
const LOCATION = /("packageLocation":\s*")([^"]+)(")/g
/** A package in several roles: `<folder>/__virtual__/<role>/<how many folders up from there>/<rest>`. */
const VIRTUAL = /^(.*?)\/__virtual__\/([^/]+)\/(\d+)\/(.*)$/

interface Move {
  of: string
  at: string
}

/** Makes the copies of Plug'n'Play's files point to the packages of the project, and to the workspaces of the copy. */
async function movePnp(move: Move, folder: string): Promise<void> {
  for (const name of FILES) {
    const file = path.join(folder, name)
    const text = await readIfThere(file)
    if (text === undefined) continue
    const moved = text.replace(LOCATION, (_, head: string, location: string, tail: string) => {
      return head + movedLocation(location, { of: originalOf(folder, move), at: folder }, move.of) + tail
    })
    await writeFile(file, moved)
  }
}

/** A file of the project as named by the process that runs in its copy, such as the loader in NODE_OPTIONS. */
export function movedOptions(options: string, { of, at }: Move): string {
  return options.replaceAll(/[^\s"']*\.pnp\.(?:loader\.m|c)js/g, (file) => file.replace(of, at))
}

function originalOf(folder: string, { of, at }: Move): string {
  return path.join(of, path.relative(at, folder))
}

function movedLocation(location: string, { of, at }: Move, root: string): string {
  const [, folder, role, up, rest = ''] = VIRTUAL.exec(location) ?? []
  if (folder === undefined) return relocated(location, { of, at }, root)
  const base = path.posix.join(of, folder)
  const target = path.posix.join(base, '../'.repeat(Number(up)), rest)
  if (isInCopy(target, root)) return location
  const way = path.posix.relative(path.posix.join(at, folder), target).split('/')
  const steps = way.filter((step) => step === '..').length
  return `${folder}/__virtual__/${role}/${steps}/${way.slice(steps).join('/')}/`
}

function relocated(location: string, { of, at }: Move, root: string): string {
  const target = path.posix.join(of, location)
  return isInCopy(target, root) ? location : `${path.posix.relative(at, target)}/`
}

/** Workspaces are copied. What Yarn keeps in `.yarn` has to stay where links to it really lead. */
function isInCopy(target: string, root: string): boolean {
  const way = path.posix.relative(root, target).split('/')
  return way[0] !== '..' && !way.includes('.yarn')
}
