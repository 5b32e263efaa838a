import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import { writeDurably } from '../system/durable.ts'
import { describeIssue } from './issue.ts'
import { formatJson } from './lockfile-json.ts'
import { ifExists } from './unreadable.ts'
import { orUnwritable } from './unwritable.ts'

/** The version that this release writes and reads, of every record. */
export const RECORD_VERSION = 1

export interface RecordKind<T> {
  schema: () => z.ZodType<T>
  /** What is wrong with a file, and what to do about it. */
  corrupt: (file: string, problem: string, cause?: unknown) => MeshyError
}

/**
 * Reads a record; undefined when there is none.
 *
 * @throws MESHY_CACHE_VERSION for a record of a later version; what `corrupt` makes when it is not a record.
 */
export async function readRecord<T>(
  file: string,
  { schema, corrupt }: RecordKind<T>,
): Promise<T | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined

  const json = parseJson(text, (error) => corrupt(file, 'it is not JSON', error))
  assertVersion(json, file)
  const result = schema().safeParse(json)
  if (result.success) return result.data
  throw corrupt(file, describeIssue(result.error), result.error)
}

/**
 * Writes a record durably: after this, neither a crash of the process nor one of the machine loses it.
 *
 * @throws MESHY_CACHE_UNWRITABLE
 */
export async function writeRecord(file: string, record: object, tmp: string): Promise<void> {
  // As formatters leave it, which walk this folder too.
  const text = `${formatJson(record)}\n`
  await orUnwritable(file, () => writeDurably(file, text, tmp))
}

/** The text of a file; undefined when there is none. */
export async function readText(file: string): Promise<string | undefined> {
  return await ifExists(file, () => readFile(file, 'utf8'))
}

/** JSON as it is; what is not JSON is the error that `toError` makes of the reason. */
export function parseJson(text: string, toError: (cause: SyntaxError) => MeshyError): unknown {
  try {
    // Some editors put a mark of byte order before it.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    if (error instanceof SyntaxError) throw toError(error)
    throw error
  }
}

function assertVersion(json: unknown, file: string): void {
  if (typeof json !== 'object' || json === null || !('version' in json)) return
  const { version } = json
  if (typeof version !== 'number' || version <= RECORD_VERSION) return
  throw new MeshyError('MESHY_CACHE_VERSION', {
    message: `\`${file}\` has version \`${version}\`, and this release reads version \`${RECORD_VERSION}\`.`,
    hint: 'Update unplugin-meshy.',
    details: { file, version },
  })
}
