import { constants } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile, temporaryPath, ensureFolder, inFolder, syncFolder } from '../system/durable.ts'
import { hasErrno } from '../system/errors.ts'
import { syncPath } from '../system/file.ts'
import { digestFile, statusOf, type BlobStatus } from './digest.ts'
import type { BlobRef } from './entry.ts'
import type { Layout } from './layout.ts'
import { orUnwritable, removeIfPossible } from './disk-errors.ts'

export interface TakeOptions {
  /**
   * False for a file that stays at its source and is checked when it is read: a crash of the machine may lose the copy.
   */
  durable: boolean
  /** False for a file that was checked a moment ago as it arrived, and is checked when it is read. @default true */
  check?: boolean
}

/**
 * Takes a blob from a file of another cache folder: the disk shares the bytes if it can, and what gets the name of the
 * blob was checked as a copy. Any result other than `ok` leaves everything unchanged.
 *
 * @throws MESHY_CACHE_UNWRITABLE
 */
export async function takeFile(
  layout: Layout,
  { file, ref }: { file: string; ref: BlobRef },
  { durable, check = true }: TakeOptions,
): Promise<BlobStatus> {
  const copy = temporaryPath(layout.tmp)
  const target = layout.blob(ref)
  let isPublished = false
  try {
    if (!(await copied(file, copy))) {
      await orUnwritable(layout.tmp, () => ensureFolder(layout.tmp, { durable: false }))
      if (!(await copied(file, copy))) return 'missing'
    }
    const status = check ? statusOf(await digestFile(copy), ref) : 'ok'
    if (status !== 'ok') return status
    await orUnwritable(target, async () => {
      // The copy has the permissions of its source, which may be another user's read-only file.
      await chmod(copy, 0o644)
      if (durable) await syncPath(copy, 'r+')
      const accept = async () => statusOf(await digestFile(target), ref) === 'ok'
      isPublished = await inFolder(dirname(target), () => replaceFile(copy, target, accept), { durable })
      if (durable) await syncFolder(dirname(target))
    })
    return 'ok'
  } finally {
    if (!isPublished) await removeIfPossible(copy)
  }
}

/** A file that does not exist, or belongs to someone else, counts as absent. */
async function copied(file: string, copy: string): Promise<boolean> {
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return false
    return orUnwritable(copy, async () => {
      throw error
    })
  }
}
