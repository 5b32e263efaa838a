import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasErrno } from './errors.ts'
import { syncFile } from './file.ts'

/**
 * Creates a folder and its missing parents. They survive a power failure, unless `durable` is false.
 *
 * Not `mkdir({ recursive: true })`: it does not report which folders need to be synced, and it never returns below a
 * place that answers ENOENT forever, such as `/proc` (Node 20).
 */
export async function ensureFolder(folder: string, { durable = true } = {}): Promise<void> {
  const made = await makeFolder(folder)
  if (made === 'there') return
  if (made === 'no-parent') {
    await ensureFolder(dirname(folder), { durable })
    if ((await makeFolder(folder)) === 'no-parent') await mkdir(folder)
  }
  if (durable) await syncFolder(dirname(folder))
}

/**
 * Runs `step`, and again if the folder that it needs had to be created first: that is rare, and checking costs just as
 * much.
 */
export async function inFolder<T>(
  folder: string,
  step: () => Promise<T>,
  options: { durable?: boolean } = {},
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  await ensureFolder(folder, options)
  return step()
}

/** Makes the names in a folder survive a power failure. Does nothing if folders cannot be synced. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such call for folders; NTFS journals its names by itself.
  if (process.platform === 'win32') return

  const handle = await open(folder, 'r')
  try {
    await syncFile(handle)
  } catch (error) {
    // The answers of network and user-space file systems that have nothing to sync.
    if (!hasErrno(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error
  } finally {
    await handle.close()
  }
}

async function makeFolder(folder: string): Promise<'made' | 'there' | 'no-parent'> {
  try {
    await mkdir(folder)
    return 'made'
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return 'there'
    if (hasErrno(error, 'ENOENT') && dirname(folder) !== folder) return 'no-parent'
    throw error
  }
}
