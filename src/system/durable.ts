import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from './clock.ts'
import { hasErrno } from './errors.ts'
import { syncFile } from './file.ts'

/** A file that nobody else knows about until it is published. */
export interface Temporary {
  /** Absolute path. */
  file: string
  /** Appends all of `chunk`. */
  write(chunk: Uint8Array): Promise<void>
  /** Gives the bytes their name, atomically, and makes them durable first, unless `durable` is false. */
  publish(target: string, options?: PublishOptions): Promise<void>
  /** Removes what was not published. Always call it, in a `finally`. */
  discard(): Promise<void>
}

interface PublishOptions {
  /** See {@link replaceFile}. */
  accept?: Accept | undefined
  /** False for data that is checked when it is read, and can be obtained again. @default true */
  durable?: boolean | undefined
}

/** Whether the file at the target is as good as the one that was to replace it. */
type Accept = () => Promise<boolean>

/**
 * Opens a new file in `folder`, which must be on the volume of its later target.
 *
 * @throws the errors of the operating system unchanged, as everything here does
 */
export async function openTemporary(folder: string): Promise<Temporary> {
  const file = temporaryPath(folder)
  const handle = await inFolder(folder, () => open(file, 'wx'))
  let isPublished = false
  return {
    file,
    write: (chunk) => writeAll(handle, chunk),
    publish: async (target, { accept, durable = true } = {}) => {
      if (durable) await syncFile(handle)
      await handle.close()
      isPublished = await inFolder(dirname(target), () => replaceFile(file, target, accept), { durable })
      if (durable) await syncFolder(dirname(target))
    },
    discard: async () => {
      await handle.close()
      if (!isPublished) await rm(file, { force: true })
    },
  }
}

/**
 * Writes a file so that it survives a crash of the process and of the machine: at any moment it contains either all of
 * the old bytes or all of the new ones.
 *
 * @param folder where the temporary file is created; by default beside the file
 */
export async function writeDurably(
  file: string,
  data: string | Uint8Array,
  folder = dirname(file),
): Promise<void> {
  const temporary = await openTemporary(folder)
  try {
    await temporary.write(typeof data === 'string' ? Buffer.from(data) : data)
    await temporary.publish(file)
  } finally {
    await temporary.discard()
  }
}

/**
 * Writes a file so that readers see either all of the old bytes or all of the new ones. A crash of the machine may lose
 * or damage it: use it for data that is checked when it is read, and can be created again.
 */
export async function writeAtomically(
  file: string,
  data: string | Uint8Array,
  folder: string,
  accept?: Accept,
): Promise<void> {
  const temporary = temporaryPath(folder)
  const options = { durable: false }
  try {
    await inFolder(folder, () => writeFile(temporary, data, { flag: 'wx' }), options)
    await inFolder(dirname(file), () => replaceFile(temporary, file, accept), options)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The pattern of temporary file names, to recognise leftovers of killed processes. */
export const TEMPORARY_NAME = /^\.meshy-[0-9a-f]{24}\.tmp$/

/** A name in `folder` that no one else uses. */
export function temporaryPath(folder: string): string {
  return join(folder, `.meshy-${randomBytes(12).toString('hex')}.tmp`)
}

const WINDOWS_ATTEMPTS = 8
const WINDOWS_WAIT_MS = 15

/**
 * Renames a file over another on the same volume.
 *
 * Windows refuses (EPERM, EACCES, EBUSY) while anyone has the target open, including a virus scanner; other systems
 * refuse with EEXIST. `accept` then decides whether the file at the target is good enough: the loser of a race between
 * two writers of the same bytes must not fail, and must not delete what the winner wrote.
 *
 * @returns whether it was renamed; false if the file at the target is good enough, and `file` is still in its old place
 */
export async function replaceFile(file: string, target: string, accept?: Accept): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(file, target)
      return true
    } catch (error) {
      if (!hasErrno(error, 'EEXIST', 'EPERM', 'EACCES', 'EBUSY')) throw error
      if (await accept?.()) return false
      if (process.platform !== 'win32' || attempt === WINDOWS_ATTEMPTS) throw error
      await systemClock.sleep(WINDOWS_WAIT_MS * attempt)
    }
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  // A write may be short, for example on a nearly full disk: the next one then gives the reason.
  for (let done = 0; done < chunk.byteLength;) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done)
    done += bytesWritten
  }
}

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
