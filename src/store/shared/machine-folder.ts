import { mkdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { errnoOf, hasErrno } from '../../system/errors.ts'
import { ensureFolder, syncFolder } from '../../system/durable.ts'
import { once } from '../../system/once.ts'
import type { Blobs } from '../blobs.ts'
import { ifIntact } from '../disk-errors.ts'
import type { BlobRef } from '../entry.ts'
import type { Layout } from '../layout.ts'
import type { Environment } from '../../system/process.ts'

/** Folder in a user's cache folder. Its name includes the version of its format. */
const NAME = path.join('unplugin-meshy', 'v1')

/** Where the platform keeps a user's caches: XDG on Linux, Library on macOS, local application data on Windows. */
export function defaultMachineFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (platform === 'win32') {
    return path.join(
      env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'),
      'unplugin-meshy',
      'Cache',
      'v1',
    )
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', NAME)
  const xdg = env['XDG_CACHE_HOME']
  // The specification says to ignore a relative path.
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache'), NAME)
}

/**
 * Creates the folder of a user's store, for this user only. Returns why it cannot be used: whoever can write to it
 * could replace its contents.
 */
async function openMachineFolder(folder: string): Promise<string | undefined> {
  try {
    await ensureFolder(path.dirname(folder))
    await mkdir(folder, { mode: 0o700 }).catch(ignoreMade)
    // Another process may have created it a moment ago: what is written into it is as durable as its name.
    await syncFolder(path.dirname(folder)).catch(ignoreUnreadable)
    const found = await stat(folder)
    if (!found.isDirectory()) return 'it is not a folder'
    const { mode, uid } = found
    if (process.platform === 'win32' || process.getuid === undefined) return undefined
    if (uid !== process.getuid()) return 'it belongs to another user'
    return (mode & 0o022) === 0 ? undefined : 'other users can write to it'
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    return `it cannot be created (\`${errno}\`)`
  }
}

function ignoreMade(error: unknown): void {
  if (!hasErrno(error, 'EEXIST')) throw error
}

/** If nobody may list a parent folder, it is not up to us to make it durable. */
function ignoreUnreadable(error: unknown): void {
  if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
}

/** {@link openMachineFolder}, once. @returns whether it can be used; a warning says why not */
export function openOnce(folder: string, warn: (text: string) => void): () => Promise<boolean> {
  return once(async () => {
    const problem = await openMachineFolder(folder)
    if (problem !== undefined) warn(`the machine store \`${folder}\` is not used: ${problem}`)
    return problem === undefined
  })
}

/** The result of a step; undefined if the operating system refuses it: what cannot be accessed counts as absent. */
export async function ifReachable<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** A record that is damaged, from a later release, or belongs to another user counts as absent. */
export function ifUsable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  return ifIntact(read, ['MESHY_CACHE_CORRUPT', 'MESHY_CACHE_VERSION', 'MESHY_CACHE_UNREADABLE'])
}

/** The number of files, and their total size. */
interface FileSum {
  files: number
  bytes: number
}

export const NOTHING: FileSum = { files: 0, bytes: 0 }

/**
 * The oldest are removed first. A process that is reading one keeps its bytes, or finds it missing and gets it
 * elsewhere.
 */
export async function trim(layout: Layout, blobs: Blobs, limit: number): Promise<FileSum> {
  const refs = await blobs.list()
  let left = sum(refs).bytes
  if (left <= limit) return NOTHING
  const used = await Promise.all(refs.map(async (ref) => ({ ref, at: await usedAt(layout.blob(ref)) })))
  const removed = { files: 0, bytes: 0 }
  for (const { ref } of used.toSorted((a, b) => a.at - b.at)) {
    if (left <= limit) break
    await blobs.remove(ref)
    left -= ref.bytes
    removed.files += 1
    removed.bytes += ref.bytes
  }
  return removed
}

async function usedAt(file: string): Promise<number> {
  return (await ifReachable(() => stat(file)))?.mtimeMs ?? 0
}

export function sum(refs: readonly BlobRef[]): FileSum {
  return { files: refs.length, bytes: refs.reduce((total, { bytes }) => total + bytes, 0) }
}
