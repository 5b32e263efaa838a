import { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { type Entry, KEY_PATTERN, isSameModel, withPictures, entryBodySchema } from './entry.ts'
import { findDuplicateName, formatJson } from '../system/json.ts'
import { describeIssue } from './record.ts'
import { mustParseJson } from '../system/json.ts'
import { FILE_ROLES } from '../request/files.ts'

const LOCKFILE_VERSION = 1

const lockfileSchema = z.looseObject({
  version: z.literal(LOCKFILE_VERSION),
  models: z.record(z.string().regex(KEY_PATTERN), entryBodySchema),
})

/** The content of a lockfile, with anything that a later minor version has added. */
export type LockfileDocument = z.infer<typeof lockfileSchema>

/** The block of one key. */
export type LockedModel = z.infer<typeof entryBodySchema>

export interface ParseLockfileOptions {
  /** For messages. */
  file: string
  /** The key of a canonical request. */
  fingerprint: (request: CanonicalRequest) => string
}

export function emptyLockfile(): LockfileDocument {
  return { version: LOCKFILE_VERSION, models: {} }
}

/**
 * Parses the text of a lockfile.
 *
 * @throws MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export function parseLockfile(text: string, { file, fingerprint }: ParseLockfileOptions): LockfileDocument {
  if (hasConflictMarkers(text)) throw conflict(file)
  const json = mustParseJson(text, (error) =>
    invalid(file, `it is not complete JSON (${error.message})`, error),
  )
  const twice = findDuplicateName(text)
  if (twice !== undefined) throw invalid(file, `it contains \`${twice}\` twice`)
  assertVersion(json, file)

  const result = lockfileSchema.safeParse(json)
  if (!result.success) throw invalid(file, describeIssue(result.error), result.error)
  for (const [key, model] of Object.entries(result.data.models)) {
    const real = fingerprint(model.request)
    if (real !== key) throw invalid(file, `the request of \`${key}\` has the key \`${real}\``)
  }
  return result.data
}

/**
 * A document as text: sorted, one block per key, the same text for the same content.
 *
 * @param indent the indentation of a level, if a formatter has chosen another one
 */
export function formatLockfile({ version, models, ...others }: LockfileDocument, indent?: string): string {
  const blocks = Object.entries(models)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, model]) => [key, ordered(model)])
  return `${formatJson({ version, models: Object.fromEntries(blocks), ...others }, indent)}\n`
}

/** The part of an entry that goes into a lockfile: nothing about the machine, nothing about the run. */
export function modelOf(entry: Entry): LockedModel {
  const { image, model, source, request, files, unavailable, facts, derived } = entry
  const task = entry.task && {
    id: entry.task.id,
    credits: entry.task.credits,
    createdAt: entry.task.createdAt,
  }
  return entryBodySchema.parse({ image, model, source, request, files, unavailable, facts, derived, task })
}

/** Combines two records of one model: if both have a value, `first` takes precedence. */
export function uniteModels(first: LockedModel, second: LockedModel): LockedModel {
  const { unavailable: _, ...united } = { ...second, ...first, files: { ...second.files, ...first.files } }
  if (isSameModel(first, second)) united.facts = newest(first, second)
  united.request = withPictures(first.request, second.request)
  if (first.derived || second.derived) united.derived = { ...second.derived, ...first.derived }
  const roles = new Set([...(first.unavailable ?? []), ...(second.unavailable ?? [])])
  const unavailable = [...roles].filter((role) => !(role in united.files)).sort()
  return unavailable.length > 0 ? { ...united, unavailable } : united
}

/** Facts of the same bytes: those of the later method. */
function newest(first: LockedModel, second: LockedModel): LockedModel['facts'] {
  const [a, b] = [first.facts.revision ?? 1, second.facts.revision ?? 1]
  return b > a ? second.facts : first.facts
}

export function entryOf(key: string, model: LockedModel): Entry {
  return { key, ...model }
}

/** Parsing puts the fields into the order of the schema; anything that the schema does not name is sorted here. */
function ordered(model: LockedModel): object {
  const parsed = entryBodySchema.parse(model)
  const params = sortedBy(parsed.request.params, (name) => name)
  const files = sortedBy(parsed.files, roleOrder)
  const derived = parsed.derived && sortedBy(parsed.derived, (key) => key)
  return { ...parsed, request: { ...parsed.request, params }, files, ...(derived && { derived }) }
}

function sortedBy(fields: object, sortKey: (name: string) => string): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (sortKey(a) < sortKey(b) ? -1 : 1)))
}

/** The known roles in their order, then those of later versions by name. */
function roleOrder(role: string): string {
  const index = FILE_ROLES.findIndex((known) => known === role)
  return index === -1 ? `~${role}` : String(index).padStart(2, '0')
}

function assertVersion(json: unknown, file: string): void {
  if (typeof json !== 'object' || json === null || !('version' in json)) return
  const { version } = json
  if (version === LOCKFILE_VERSION) return
  throw new MeshyError('MESHY_LOCKFILE_VERSION', {
    message: `\`${file}\` has version \`${String(version)}\`, but this release reads version \`${LOCKFILE_VERSION}\`.`,
    hint:
      typeof version === 'number' && version > LOCKFILE_VERSION ? 'Update unplugin-meshy.' : restoring(file),
    details: { file, version },
  })
}

function conflict(file: string): MeshyError {
  return new MeshyError('MESHY_LOCKFILE_CONFLICT', {
    message: `\`${file}\` contains the conflict markers of a git merge.`,
    hint: 'Run `unplugin-meshy merge` to combine both sides.',
    details: { file },
  })
}

function invalid(file: string, problem: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_LOCKFILE_INVALID', {
    message: `\`${file}\` is not a valid lockfile: ${problem}.`,
    hint: restoring(file),
    details: { file },
    cause,
  })
}

function restoring(file: string): string {
  return (
    `Restore \`${file}\` from git. If it was never in git, delete it; the models stored on this machine are pinned again ` +
    'without paying.'
  )
}

/** No line of JSON starts like this. */
export const CONFLICT_MARKER = /^(<{7}|\|{7}|={7}|>{7})(?:[ \t].*)?\r?$/m

export function hasConflictMarkers(text: string): boolean {
  return CONFLICT_MARKER.test(text)
}
