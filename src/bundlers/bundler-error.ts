import { hasErrno, formatError, isMeshyError, type ImportSite } from '../system/errors.ts'
import { toPosix, fileOf } from './resolve.ts'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * An expected failure with place, next step and code in its message, because bundlers show little else. Paths below the
 * root are relative to it. It has neither stack nor cause: bundlers print both, and the message says everything.
 */
export function toBundlerError(error: unknown, root: string): unknown {
  if (!isMeshyError(error)) return error
  const { code, hint, site, details, name } = error
  const message = formatError(error).replaceAll(`\`${toPosix(root)}/`, '`')
  // With the trailing newline, so that all bundlers recognise that nothing follows the message.
  const stack = `${name}: ${message}\n`
  return Object.assign(new Error(message), { name, stack, code, hint, site, details })
}

/** The place of an import: the importer relative to the root, and the line if its source still contains it. */
export async function findSite(
  root: string,
  importer: string | undefined,
  specifier: string,
): Promise<ImportSite> {
  if (!importer) return { file: '(entry)' }
  const file = fileOf(importer)
  return { file: toPosix(path.relative(root, file)) || file, line: await findLine(file, specifier) }
}

/** Read only when an error is reported, from the source on disk: bundlers do not pass on positions of imports. */
async function findLine(file: string, specifier: string): Promise<number | undefined> {
  const lines = (await readSource(file))?.split('\n') ?? []
  return (
    lineOf(lines, (line) => isQuoted(line, specifier)) ?? lineOf(lines, (line) => line.includes(specifier))
  )
}

/** The text of an importer. Undefined for a virtual one, which is no file. */
export async function readSource(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_INVALID_ARG_VALUE')) return undefined
    throw error
  }
}

function lineOf(lines: readonly string[], fits: (line: string) => boolean): number | undefined {
  const index = lines.findIndex(fits)
  return index === -1 ? undefined : index + 1
}

/** Whether a text has a specifier as a complete literal, because one specifier may be the start of another. */
export function isQuoted(text: string, specifier: string): boolean {
  return [`'`, `"`, '`'].some((quote) => text.includes(`${quote}${specifier}${quote}`))
}
