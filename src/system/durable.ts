import { randomBytes } from 'node:crypto'
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from './clock.ts'
import { hasErrno } from './errors.ts'
import { syncFile } from './file.ts'
import { ensureFolder, inFolder, syncFolder } from './folder.ts'

/** A file that nobody else knows of, until it is published. */
export interface Temporary {
  /** Absolute path. */
  file: string
  /** Appends all of `chunk`. */
  write(chunk: Uint8Array): Promise<void>
  /** Gives the bytes their name, atomically, after making them durable unless that is not wanted. */
  publish(target: string, options?: PublishOptions): Promise<void>
  /** Removes what was not published. To be called in any case, in a `finally`. */
  discard(): Promise<void>
}

export interface PublishOptions {
  /** See {@link replaceFile}. */
  accept?: Accept | undefined
  /** False for what is checked when it is read, and can be had again. @default true */
  durable?: boolean | undefined
}

/** Whether what stands at the target is as good as what was to replace it. */
export type Accept = () => Promise<boolean>

/**
 * Opens a new file in `folder`, which must be on the volume of its later target.
 *
 * @throws the errors of the operating system as they are, as everything here does
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
 * Writes a file so that it survives a crash of the process and of the machine: at any moment it holds either
 * all of the old bytes or all of the new ones.
 *
 * @param folder where the temporary file is made; by default beside the file
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
 * Writes a file so that readers see either all of the old bytes or all of the new ones. It may be lost or torn by a
 * crash of the machine: for what is checked when it is read, and can be made again.
 */
export async function writeAtomically(
  file: string,
  data: string | Uint8Array,
  folder: string,
): Promise<void> {
  const temporary = temporaryPath(folder)
  await ensureFolder(folder, { durable: false })
  await ensureFolder(dirname(file), { durable: false })
  try {
    await writeFile(temporary, data, { flag: 'wx' })
    await replaceFile(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** What the names of temporary files look like, so that leftovers of killed processes can be told. */
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
 * Windows refuses (EPERM, EACCES, EBUSY) while anyone has the target open, a virus scanner included; so do
 * others with EEXIST. Then `accept` decides whether what stands there will do: the loser of a race between two
 * writers of the same bytes must not fail, and must not delete what the winner wrote.
 *
 * @returns whether it was renamed; false where what stands there will do, and `file` still stands where it was
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
  // A write may be short, on a nearly full disk for example: the next one then says why.
  for (let done = 0; done < chunk.byteLength;) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done)
    done += bytesWritten
  }
}
