import { parseJson } from '../system/json.ts'
import { existsSync, readFileSync, statSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { hasErrno } from '../system/errors.ts'

export const DEFAULT_LOCKFILE = 'meshy-lock.json'
const CONFIG_FILES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map((ext) => `meshy.config.${ext}`)

/**
 * The folder that `cacheDir` and `lockfile` are relative to, the config file in it, and the limit of the search for
 * both.
 */
export interface Project {
  dir: string
  configFile: string | undefined
  /** Absolute. Nothing above it is read or run. */
  workspace: string
}

/**
 * The nearest folder, from the bundler's root up to the root of its workspace, that contains a `meshy-lock.json` or a
 * `meshy.config.*`, so that the packages of a monorepo can share one cache. Otherwise the nearest one with a
 * `package.json`, because the root of a bundler may be a folder of sources.
 */
export function findProject(root: string): Project {
  const workspace = findWorkspace(root)
  const folders = foldersUpTo(root, workspace)
  const dir = folders.find(isMarked) ?? folders.find(hasManifest) ?? path.resolve(root)
  return { dir, configFile: configIn(dir), workspace }
}

function isMarked(dir: string): boolean {
  return configIn(dir) !== undefined || existsSync(path.join(dir, DEFAULT_LOCKFILE))
}

/**
 * A lockfile or config above a workspace that is no repository: in a copy without one, it may be meant for the project.
 */
export function findUnread(workspace: string): string | undefined {
  if (REPOSITORIES.some((name) => existsSync(path.join(workspace, name)))) return undefined
  const isOwn = ownershipOf(workspace)
  const names = [DEFAULT_LOCKFILE, ...CONFIG_FILES]
  const files = foldersUpTo(workspace)
    .slice(1)
    .flatMap((dir) => names.map((name) => path.join(dir, name)))
  return files.find(isOwn)
}

function configIn(dir: string): string | undefined {
  return CONFIG_FILES.map((name) => path.join(dir, name)).find((file) => existsSync(file))
}

const REPOSITORIES = ['.git', '.hg', '.jj', '.sl', '.svn']
/** What only the root of a workspace has. `turbo.json` also exists in its packages, and never without one of these. */
const WORKSPACE_FILES = ['pnpm-workspace.yaml', 'lerna.json', 'nx.json', 'rush.json']

/** What package managers write where they install: a copy of a project without its repository still has one of these. */
const INSTALLATIONS = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  'deno.lock',
]

/**
 * The folder above which nothing belongs to a project: the nearest root of a repository or of a workspace of packages;
 * where there is none, as in a container, the nearest folder with the lockfile of a package manager; otherwise the
 * nearest folder with a `package.json`, otherwise the root itself. Anything above may belong to anyone.
 */
export function findWorkspace(root: string): string {
  const folders = foldersUpTo(root)
  const isOwn = ownershipOf(folders[0] ?? root)
  const workspace = folders.find((folder) => marksOf(folder).some(isOwn))
  return workspace ?? folders.find(isInstallation(isOwn)) ?? folders.find(hasManifest) ?? folders[0] ?? root
}

/** A stray one at home would make everything there part of the project. */
function isInstallation(isOwn: (file: string) => boolean): (folder: string) => boolean {
  return (folder) => folder !== homedir() && INSTALLATIONS.some((name) => isOwn(path.join(folder, name)))
}

/** A folder and all its parents, up to one of them or to the root of the disk. */
export function foldersUpTo(from: string, end?: string): string[] {
  const folders: string[] = []
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    folders.push(folder)
    if (folder === end || folder === path.dirname(folder)) return folders
  }
}

export function hasManifest(folder: string): boolean {
  return existsSync(path.join(folder, 'package.json'))
}

/** The contents of a folder's `package.json`. Empty if there is none, or if it is not JSON: whoever needs it says so. */
export function readManifest(folder: string): Readonly<Record<string, unknown>> {
  if (!hasManifest(folder)) return {}
  return Object(parseJson(readFileSync(path.join(folder, 'package.json'), 'utf8'))) as Record<string, unknown>
}

function marksOf(folder: string): string[] {
  const marks = [...REPOSITORIES, ...WORKSPACE_FILES].map((name) => path.join(folder, name))
  const declares = readManifest(folder)['workspaces'] !== undefined
  return declares ? [...marks, path.join(folder, 'package.json')] : marks
}

/**
 * Whether a file exists and belongs to the owner of the project: in a shared folder, a stranger can create one that
 * claims all folders below it, a problem that git also guards against.
 */
function ownershipOf(root: string): (file: string) => boolean {
  const owners = new Set([statSync(root, { throwIfNoEntry: false })?.uid, process.getuid?.(), 0])
  return (file) => {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats !== undefined && owners.has(stats.uid)
  }
}

/** A package that is not part of the project. */
export interface Dependency {
  name: string
  /** Absolute, without links. */
  dir: string
}

/** A package in a folder of installed packages, or in a Yarn archive, which has the same folders inside. */
const INSTALLED = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/.][^/]*)(?=\/|$)/s

/**
 * The dependency that a file belongs to; undefined for the project's own files. A package of the workspace that is
 * linked into `node_modules` belongs to the project: its real location decides, not the path by which it was reached.
 */
export function dependencyOf(file: string, workspace: string): Dependency | undefined {
  const real = realFile(file)
  const isInside = isBelow(workspace, real)
  const [, folders = '', name = ''] = INSTALLED.exec(isInside ? real.slice(workspace.length) : real) ?? []
  if (name) return { name, dir: (isInside ? workspace : '') + folders + name }
  return isInside ? undefined : foreignPackage(real)
}

/** Whether a file is a folder or inside it. Both without links, with slashes. */
export function isBelow(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** A path without links and with slashes; unchanged if it does not exist. */
export function realFile(file: string): string {
  try {
    return realpathSync(file).replaceAll('\\', '/')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return path.resolve(file).replaceAll('\\', '/')
    throw error
  }
}

/** A package that is linked from elsewhere on the machine. */
function foreignPackage(file: string): Dependency {
  const dir = foldersUpTo(path.dirname(file)).find(hasManifest) ?? path.dirname(file)
  const { name } = readManifest(dir)
  return {
    name: typeof name === 'string' ? name : path.basename(dir),
    dir: dir.replaceAll('\\', '/'),
  }
}
