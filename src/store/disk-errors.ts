import { dirname } from 'node:path'
import { rm } from 'node:fs/promises'
import { isMeshyError, MeshyError, type ErrorCode, errnoOf, hasErrno } from '../system/errors.ts'

/**
 * Runs a step that reads `file`; undefined if there is no such file.
 *
 * @throws MESHY_CACHE_UNREADABLE if the operating system refuses; every other error unchanged.
 */
export async function ifExists<T>(file: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    const errno = systemErrnoOf(error)
    if (errno === undefined) throw error
    throw new MeshyError('MESHY_CACHE_UNREADABLE', {
      message: `\`${file}\` cannot be read (\`${errno}\`).`,
      hint: nextStep(errno, `Fix the permissions of \`${file}\``),
      details: { file, errno },
      cause: error,
    })
  }
}

/** No permission and no space helps where a file and a folder have one name. */
function nextStep(errno: string, otherwise: string): string {
  const isInTheWay = ['EEXIST', 'EISDIR', 'ENOTDIR'].includes(errno)
  return `${isInTheWay ? 'Rename what is in the way' : otherwise}, then run again.`
}

/** Unlike `errnoOf`, none of the codes with which Node reports mistakes of its caller. */
function systemErrnoOf(error: unknown): string | undefined {
  const errno = errnoOf(error)
  return errno !== undefined && /^E[A-Z]+$/.test(errno) ? errno : undefined
}

/** The result of a read; undefined for a damaged record, if that counts as none. */
export async function ifIntact<T>(
  read: () => Promise<T | undefined>,
  codes: readonly ErrorCode[] = ['MESHY_CACHE_CORRUPT'],
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMeshyError(error) && codes.includes(error.code)) return undefined
    throw error
  }
}

/** Something on the disk cannot be read or written. */
export const OUT_OF_REACH: readonly ErrorCode[] = ['MESHY_CACHE_UNWRITABLE', 'MESHY_CACHE_UNREADABLE']

export function isOutOfReach(error: unknown): error is MeshyError {
  return isMeshyError(error) && OUT_OF_REACH.includes(error.code)
}

/** What operating system errors mean to somebody who wants to write. Shares, and disks that vanish, have many more. */
const REASONS: Record<string, string> = {
  EACCES: 'permission is denied',
  EBUSY: 'it is in use, or is a separate volume',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something else is in the way',
  EFBIG: 'the volume does not support files of this size',
  EIO: 'the disk reports an error',
  EISDIR: 'a folder is in the way',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
  ENOENT: 'a parent folder cannot be created, or has disappeared',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file is where a folder should be',
  EPERM: 'the operation is not permitted',
  EROFS: 'the volume is read-only',
  EXDEV: 'it is a separate volume',
}

/**
 * Runs a step that writes `file`.
 *
 * @throws MESHY_CACHE_UNWRITABLE, or `code`, if the operating system refuses; every other error unchanged.
 */
export async function orUnwritable<T>(
  file: string,
  write: () => Promise<T>,
  code: ErrorCode = 'MESHY_CACHE_UNWRITABLE',
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const errno = systemErrnoOf(error)
    if (errno === undefined) throw error
    const reason = REASONS[errno] ?? 'the operating system refuses'
    throw new MeshyError(code, {
      message: `\`${file}\` cannot be written: ${reason} (\`${errno}\`).`,
      hint: nextStep(errno, `Free disk space or fix the permissions of \`${dirname(file)}\``),
      details: { file, errno },
      cause: error,
    })
  }
}

/** A file that cannot be removed is cleaned up as a leftover later. */
export async function removeIfPossible(file: string): Promise<void> {
  try {
    await rm(file, { force: true })
  } catch (error) {
    if (systemErrnoOf(error) === undefined) throw error
  }
}
