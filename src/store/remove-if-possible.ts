import { rm } from 'node:fs/promises'
import { hasErrno } from '../system/errors.ts'

/** What cannot be removed is swept up as a leftover later. */
export async function removeIfPossible(file: string): Promise<void> {
  try {
    await rm(file, { force: true })
  } catch (error) {
    if (!hasErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EIO', 'ELOOP')) throw error
  }
}
