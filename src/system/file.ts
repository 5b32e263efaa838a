import { fsync, futimes, type BigIntStats } from 'node:fs'
import { type FileHandle, open, readFile, realpath, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { dirname, resolve } from 'node:path'
import { hasErrno } from './errors.ts'

const syncDescriptor = promisify(fsync)
const touchDescriptor = promisify(futimes)

/** `handle.sync()`, even if it does not exist: Yarn's Plug'n'Play replaces Node's handles with its own. */
export async function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  await syncDescriptor(fd)
}

/** Flushes a written file to the disk. On Windows this requires the file to be open for writing: `r+`. */
export async function syncPath(file: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(file, flags)
  try {
    await syncFile(handle)
  } finally {
    await handle.close()
  }
}

/** `handle.utimes()`, in the same way. */
export async function touchFile({ fd }: Pick<FileHandle, 'fd'>, time: Date): Promise<void> {
  await touchDescriptor(fd, time, time)
}

/** The text of a file; undefined if there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Where a path leads; undefined if it leads nowhere. */
export async function realpathIfThere(file: string): Promise<string | undefined> {
  try {
    return await realpath(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}

/**
 * The file that a path leads to, through symbolic links, even if that file does not exist yet. Replacing this file by
 * renaming keeps the links intact.
 *
 * @throws the error of the operating system, for links that form a loop
 */
export async function followLinks(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  const next = await linkOf(file)
  return next === undefined ? file : await followLinks(resolve(dirname(file), next))
}

async function linkOf(file: string): Promise<string | undefined> {
  try {
    return await readlink(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}

/** A file as the operating system describes it. */
export interface FileState {
  /** Different text whenever the file may contain different bytes. */
  text: string
  /** When it last changed, as far as the file system knows; milliseconds since 1970. */
  changedAt: number
}

/**
 * The state of a file, from the result of `stat`. Programs can set the modification time, as archives do when unpacked,
 * but not the change time, so the state includes both.
 */
export function fileState({ ino, size, mtimeNs, mtimeMs, ctimeNs, ctimeMs }: BigIntStats): FileState {
  // FAT has no change time.
  const changedAt = Math.max(Number(mtimeMs), Number(ctimeMs))
  return { text: `${size} ${mtimeNs} ${ctimeNs} ${ino}`, changedAt }
}

/** Coarser than the clock of any file system that we know of; FAT has a resolution of two seconds. */
const TICK_MS = 2_000

/**
 * Whether a later change would show in the state: a change within the same tick of the file system's clock would not.
 */
export function isSettled({ changedAt }: FileState, now: number): boolean {
  return now - changedAt > TICK_MS
}
