import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../system/clock.ts'
import { hasErrno } from '../system/errors.ts'
import { listFolder } from './layout.ts'

const AGE_MS = 24 * 60 * 60 * 1000

/** Removes files that a killed process left in `folder` more than a day ago; which ones, their names say. */
export async function removeLeftovers(folder: string, names: RegExp[], clock: Clock): Promise<void> {
  for (const name of await listFolder(folder)) {
    if (!names.some((pattern) => pattern.test(name))) continue
    const file = join(folder, name)
    if (await isOld(file, clock)) await rm(file, { force: true })
  }
}

async function isOld(file: string, clock: Clock): Promise<boolean> {
  try {
    return clock.now() - (await stat(file)).mtimeMs > AGE_MS
  } catch (error) {
    // Its process has just finished with it.
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}
