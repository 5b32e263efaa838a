import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { hasErrno } from '../system/errno.ts'

/** What an author probably meant by a file that does not exist; undefined when nothing near is there. */
export async function nearMiss(file: string): Promise<string | undefined> {
  const wanted = path.basename(file)
  const names = await readdir(path.dirname(file)).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return []
    throw error
  })
  const cut = names.find((name) => name.startsWith(`${wanted}#`))
  if (cut !== undefined) return `There is \`${cut}\`, but a path ends at its \`#\`: rename it.`
  const alike = names.find((name) => name.normalize() === wanted.normalize())
  if (alike !== undefined) return `There is \`${alike}\`, whose accents are other characters: rename it.`
  const other = names.find((name) => foldCase(name) === foldCase(wanted))
  return other && `There is \`${other}\`: upper and lower case count.`
}

function foldCase(name: string): string {
  return name.normalize().toLowerCase()
}
