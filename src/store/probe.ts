import { dirname } from 'node:path'
import { link, open, rename, writeFile } from 'node:fs/promises'
import { inFolder, temporaryPath, syncFolder } from '../system/durable.ts'
import type { Layout } from './layout.ts'
import { orUnwritable, removeIfPossible } from './disk-errors.ts'
import { hasErrno } from '../system/errors.ts'
import { realpathIfThere } from '../system/file.ts'

/** The minimum space that a model needs. */
const PROBE_BYTES = 64 * 1024

/**
 * Makes sure that a model could be stored and pinned now, by performing the same operations on the disk: reading back a
 * permission says too little about read-only volumes, quotas and full disks.
 *
 * @param lockfile absolute path; `false` if the project pins nothing
 * @throws MESHY_CACHE_UNWRITABLE
 */
export async function probeStore(layout: Layout, lockfile: string | false): Promise<void> {
  for (const folder of [layout.blobs, layout.entries, layout.journal]) await probeFolder(layout.tmp, folder)
  // Whoever created them: what is written into them is as durable as their own names.
  await orUnwritable(layout.root, () => syncFolder(layout.root))
  if (lockfile) await probeFile(lockfile)
}

/**
 * Whether a file that is created in `from` can be moved to `folder`.
 *
 * @param named the path that a failure names
 */
async function probeFolder(from: string, folder: string, named = folder): Promise<void> {
  const made = temporaryPath(from)
  const moved = temporaryPath(folder)
  let isMoved = false
  try {
    await orUnwritable(from === folder ? named : from, () =>
      inFolder(from, () => writeFile(made, Buffer.alloc(PROBE_BYTES), { flag: 'wx' }), { durable: false }),
    )
    await orUnwritable(named, () => inFolder(folder, () => rename(made, moved), { durable: false }))
    isMoved = true
  } finally {
    // Of a rename whose answer was lost, nobody knows.
    for (const file of isMoved ? [moved] : [made, moved]) await removeIfPossible(file)
  }
}

/** Whether a file can be replaced, or created if there is none. */
async function probeFile(file: string): Promise<void> {
  const target = await realpathIfThere(file)
  await orUnwritable(file, async () => {
    if (target !== undefined) await (await open(target, 'r+')).close()
  })
  const folder = dirname(target ?? file)
  await probeFolder(folder, folder, file)
  if (target !== undefined) await orUnwritable(file, () => assertReplaceable(target))
}

/**
 * A file that is mounted on its own, as into a container, can be written but not replaced, nor linked beside itself.
 */
async function assertReplaceable(file: string): Promise<void> {
  const beside = temporaryPath(dirname(file))
  try {
    await link(file, beside)
  } catch (error) {
    if (hasErrno(error, 'EXDEV')) throw error
  } finally {
    await removeIfPossible(beside)
  }
}
