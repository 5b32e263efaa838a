import { constants } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import PQueue from 'p-queue'
import { replaceFile, temporaryPath } from '../system/durable.ts'
import { hasErrno } from '../system/errno.ts'
import { ensureFolder } from '../system/folder.ts'
import { blobUnusable } from './blob-error.ts'
import { statusOf } from './blobs.ts'
import { digestFile } from './digest.ts'
import type { BlobRef } from './entry.ts'
import type { Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { safeFileName } from './safe-name.ts'
import { orUnwritable } from './unwritable.ts'

/** Blobs under speaking names: bundlers name what they emit after the file that they read. */
export interface Outputs {
  /**
   * The absolute path of a read-only file with the bytes of `ref`, named after `name`. Its bytes are checked each
   * time, by reading them once; a wrong one is made anew from the blob.
   *
   * @param name a file name without extension; whatever is unsafe in it is replaced
   * @throws MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_BLOB_LFS_POINTER, MESHY_CACHE_UNWRITABLE
   */
  materialise(ref: BlobRef, key: string, name: string): Promise<string>
}

export function createOutputs(layout: Layout, prepare = createPreparation(layout)): Outputs {
  // Bundlers ask for hundreds at once. More at a time are not faster, and each needs a buffer.
  const turns = new PQueue({ concurrency: 8 })
  return {
    materialise: async (ref, key, name) => {
      const target = layout.output(key, `${safeFileName(name)}.${ref.ext}`)
      await turns.add(async () => {
        if (await isRight(target, ref)) return
        await prepare()
        await makeOutput(layout, ref, target)
      })
      return target
    },
  }
}

async function isRight(file: string, ref: BlobRef): Promise<boolean> {
  return statusOf(await digestFile(file), ref) === 'ok'
}

/**
 * The copy is checked, not the blob before it: what gets the name was right when it was whole. Nothing is synced,
 * since what a power cut leaves is found to be wrong, and made again from the blob.
 */
async function makeOutput(layout: Layout, ref: BlobRef, target: string): Promise<void> {
  const blob = layout.blob(ref)
  const copy = temporaryPath(layout.tmp)
  try {
    await copyBlob(blob, copy)
    const status = statusOf(await digestFile(copy), ref)
    if (status !== 'ok') throw blobUnusable(blob, status)
    await orUnwritable(target, async () => {
      await chmod(copy, 0o444)
      await ensureFolder(dirname(target), { durable: false })
      await replaceFile(copy, target, async () => (await isRight(target, ref)) || makeWay(target))
    })
  } finally {
    await rm(copy, { force: true })
  }
}

/** Shares the bytes on the disk where the file system can (APFS, Btrfs, XFS, ReFS), copies them elsewhere. */
async function copyBlob(blob: string, copy: string): Promise<void> {
  await orUnwritable(copy, async () => {
    await ensureFolder(dirname(copy), { durable: false })
    try {
      await copyFile(blob, copy, constants.COPYFILE_FICLONE)
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) throw blobUnusable(blob, 'missing')
      throw error
    }
  })
}

/** Windows does not replace a file that is read-only. @returns false: the renaming still has to be done */
async function makeWay(target: string): Promise<false> {
  if (process.platform === 'win32') {
    await chmod(target, 0o666)
    await rm(target, { force: true })
  }
  return false
}
