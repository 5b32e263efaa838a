import { join, dirname } from 'node:path'
import { constants } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { SingleFlight } from '../system/once.ts'
import { digestFile, isPresent, statusOf, type BlobStatus } from './digest.ts'
import { ifIntact, orUnwritable, removeIfPossible } from './disk-errors.ts'
import type { BlobRef } from './entry.ts'
import { listFolder, type Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { replaceFile, temporaryPath, ensureFolder, inFolder, syncFolder } from '../system/durable.ts'
import { hasErrno } from '../system/errors.ts'
import { syncPath } from '../system/file.ts'

/** Outputs as a source of blobs that were deleted or damaged: each is a copy of one. */
export type Copies = ReturnType<typeof createCopies>

export function createCopies(layout: Layout, prepare = createPreparation(layout)) {
  const flights = new SingleFlight()
  const take = (ref: BlobRef, output: string) =>
    flights.join(`${ref.sha256} ${output}`, async () => {
      await prepare()
      return (await takeFile(layout, { file: output, ref }, { durable: true })) === 'ok'
    })
  /**
   * The absolute path of an output with the bytes of `ref`, under any name: an image may have been renamed.
   *
   * @param folder the folder of its outputs: a key, or that of a derived file
   */
  const find = (ref: BlobRef, folder: string): Promise<string | undefined> =>
    // Whoever needs the bytes may still get them elsewhere.
    ifIntact(() => findOutput(join(layout.out, folder), ref), ['MESHY_CACHE_UNREADABLE'])
  return {
    find,
    /**
     * Gives a blob the bytes of an output that {@link find} finds. @returns whether there is one
     *
     * @throws MESHY_CACHE_UNWRITABLE
     */
    restore: async (ref: BlobRef, folder: string): Promise<boolean> => {
      const output = await find(ref, folder)
      return output !== undefined && (await take(ref, output))
    },
    /**
     * Gives a blob the bytes of an output that is about to be used. Where nothing can be written, the output is all
     * there is. @returns false if the output turns out to be wrong
     */
    refill: async (ref: BlobRef, output: string): Promise<boolean> =>
      (await ifIntact(() => take(ref, output), ['MESHY_CACHE_UNWRITABLE'])) !== false,
  }
}

async function findOutput(folder: string, ref: BlobRef): Promise<string | undefined> {
  for (const name of await listFolder(folder)) {
    const file = join(folder, name)
    const isCandidate = name.endsWith(`.${ref.ext}`) && (await isPresent(file, ref))
    if (isCandidate && statusOf(await digestFile(file), ref) === 'ok') return file
  }
  return undefined
}

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
