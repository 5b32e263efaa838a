import { fsync, futimes } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

const syncDescriptor = promisify(fsync)
const touchDescriptor = promisify(futimes)

/** `handle.sync()` also where it is not there: Yarn's Plug'n'Play puts handles of its own in the place of Node's. */
export async function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  await syncDescriptor(fd)
}

/** `handle.utimes()`, in the same way. */
export async function touchFile({ fd }: Pick<FileHandle, 'fd'>, time: Date): Promise<void> {
  await touchDescriptor(fd, time, time)
}
