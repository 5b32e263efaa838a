import { readFile, realpath } from 'node:fs/promises'
import { hasErrno } from './errno.ts'

/** The text of a file; undefined where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Where a path leads; undefined where it leads nowhere. */
export async function realpathIfThere(file: string): Promise<string | undefined> {
  try {
    return await realpath(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}
