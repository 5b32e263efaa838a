import { readlink, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { hasErrno } from './errno.ts'

/**
 * The file that a path leads to, through symbolic links, also where that does not exist yet. Whoever replaces a file by
 * renaming replaces this one, and leaves the links.
 *
 * @throws the error of the operating system, for links that run in a circle
 */
export async function followLinks(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  const next = await linkOf(file)
  return next === undefined ? file : await followLinks(resolve(dirname(file), next))
}

async function linkOf(file: string): Promise<string | undefined> {
  try {
    return await readlink(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}
