import { createHasher, fingerprint, type Hasher } from '../../request/fingerprint.ts'
import type { CanonicalRequest } from '../../request/request.ts'
import {
  formatLockfile,
  type LockfileDocument,
  hasConflictMarkers,
  emptyLockfile,
  parseLockfile,
} from '../../store/lockfile-document.ts'
import { indentOf } from '../../store/json-text.ts'
import {
  mergeLockfiles,
  readConflict,
  type Choice,
  type Choose,
  type MergeSides,
} from '../../store/lockfile-merge.ts'

export type { Choice, Choose } from '../../store/lockfile-merge.ts'

/** The texts of the three sides of a merge; `base` is undefined if it is not known. */
export interface MergeTexts {
  base: string | undefined
  ours: string
  theirs: string
}

export interface Merged {
  /** The combined lockfile; while there are choices, one with conflict markers around exactly those. */
  text: string
  /** Keys that both sides pin to different bytes, and that nobody has chosen yet. */
  choices: Choice[]
}

/** How a merge reports, and who decides what people must decide. */
interface MergeOptions {
  /** For messages. */
  file: string
  choose: Choose
}

/**
 * Combines three versions of a lockfile, key by key. Each one is checked first.
 *
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export async function mergeTexts({ base, ours, theirs }: MergeTexts, options: MergeOptions): Promise<Merged> {
  const hasher = await createHasher()
  const read = (text: string, side: string) =>
    readLockfileText(text, { file: `${options.file} (${side})`, hasher })
  const sides: MergeSides = {
    base: base === undefined || base.trim() === '' ? undefined : read(base, 'base'),
    ours: read(ours, 'ours'),
    theirs: read(theirs, 'theirs'),
  }
  return unite(sides, ours, options)
}

/**
 * Combines the sides of a lockfile in which git left conflict markers, of any style; undefined if there are none.
 *
 * @throws {MeshyError} as {@link mergeTexts}
 */
export async function mergeConflict(text: string, options: MergeOptions): Promise<Merged | undefined> {
  if (!hasConflictMarkers(text)) return undefined
  const hasher = await createHasher()
  const key = (request: CanonicalRequest) => fingerprint(request, hasher)
  return unite(readConflict(text, { file: options.file, fingerprint: key }), text, options)
}

/** In the style of the existing text. */
function unite(sides: MergeSides, text: string, { choose }: MergeOptions): Merged {
  const { merged, choices } = mergeLockfiles(sides, choose)
  const format = (document: LockfileDocument) => formatLockfile(document, indentOf(text))
  if (choices.length === 0) return { text: format(merged), choices }
  const [ours, theirs] = (['ours', 'theirs'] as const).map((side) =>
    format(chosen(merged, choices, side)).split('\n'),
  )
  if (!ours || !theirs) throw new TypeError('There are two sides.')
  return { text: withMarkers(ours, theirs), choices }
}

/**
 * The combined document as either side has it, with markers around the lines that differ: `mergeConflict` reads it
 * back.
 */
function withMarkers(ours: readonly string[], theirs: readonly string[]): string {
  const before = commonLines(ours, theirs)
  const after = commonLines(ours.slice(before).toReversed(), theirs.slice(before).toReversed())
  return [
    ...ours.slice(0, before),
    '<<<<<<< ours',
    ...ours.slice(before, ours.length - after),
    '=======',
    ...theirs.slice(before, theirs.length - after),
    '>>>>>>> theirs',
    ...ours.slice(ours.length - after),
  ].join('\n')
}

function chosen(
  merged: LockfileDocument,
  choices: readonly Choice[],
  side: 'ours' | 'theirs',
): LockfileDocument {
  const models = Object.fromEntries(choices.map((choice) => [choice.key, choice[side]]))
  return { ...merged, models: { ...merged.models, ...models } }
}

/** The number of identical lines at the start of two texts. */
function commonLines(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((line, i) => line !== b[i])
  return index === -1 ? a.length : index
}

/**
 * Parses the text of a lockfile, wherever it comes from: a revision, a side of a merge.
 *
 * @param text undefined or empty if there is none
 * @param file for messages
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export function readLockfileText(
  text: string | undefined,
  { file, hasher }: { file: string; hasher: Hasher },
): LockfileDocument {
  if (text === undefined || text.trim() === '') return emptyLockfile()
  return parseLockfile(text, { file, fingerprint: (request) => fingerprint(request, hasher) })
}
