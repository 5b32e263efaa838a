import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import { writeDurably } from '../system/durable.ts'
import { ifExists, orUnwritable } from './disk-errors.ts'
import { formatJson, mustParseJson } from '../system/json.ts'

/** The version of every record that this release writes and reads. */
export const RECORD_VERSION = 1

interface RecordKind<T> {
  schema: () => z.ZodType<T>
  /** What is wrong with a file, and what to do about it. */
  corrupt: (file: string, problem: string, cause?: unknown) => MeshyError
}

/**
 * Reads a record; undefined if there is none.
 *
 * @throws MESHY_CACHE_VERSION for a record of a later version; what `corrupt` returns if it is not a record.
 */
export async function readRecord<T>(
  file: string,
  { schema, corrupt }: RecordKind<T>,
): Promise<T | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined

  const json = mustParseJson(text, (error) => corrupt(file, 'it is not JSON', error))
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
  // The way formatters leave it, because they walk this folder too.
  const text = `${formatJson(record)}\n`
  await orUnwritable(file, () => writeDurably(file, text, tmp))
}

/** The text of a file; undefined if there is none. */
export async function readText(file: string): Promise<string | undefined> {
  return await ifExists(file, () => readFile(file, 'utf8'))
}

function assertVersion(json: unknown, file: string): void {
  if (typeof json !== 'object' || json === null || !('version' in json)) return
  const { version } = json
  if (typeof version !== 'number' || version <= RECORD_VERSION) return
  throw new MeshyError('MESHY_CACHE_VERSION', {
    message: `\`${file}\` has version \`${version}\`, but this release reads version \`${RECORD_VERSION}\`.`,
    hint: 'Update unplugin-meshy.',
    details: { file, version },
  })
}

/** The first issue that a schema found, in words: `` `files.glb.bytes`: Invalid input: expected number ``. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return error.message
  const place = issue.path.map(String).join('.')
  return place ? `\`${place}\`: ${issue.message}` : issue.message
}
