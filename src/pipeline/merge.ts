import { createHasher } from '../request/fingerprint.ts'
import { hasConflictMarkers, splitConflict } from '../store/conflict.ts'
import { formatLockfile, type LockfileDocument } from '../store/lockfile-document.ts'
import { mergeLockfiles, type Choice, type Choose, type MergeSides } from '../store/lockfile-merge.ts'
import { readLockfileText } from './lockfile-text.ts'

export type { Choice, Choose } from '../store/lockfile-merge.ts'

/** The texts of the three sides of a merge; `base` is undefined where it is not known. */
export interface MergeTexts {
  base: string | undefined
  ours: string
  theirs: string
}

export interface Merged {
  /** The united lockfile, or, while there are choices, one whose conflict markers hold them and nothing else. */
  text: string
  /** Keys that both sides pin to different bytes, and that nobody has chosen yet. */
  choices: Choice[]
}

/**
 * Unites the sides of a lockfile, key by key. Every side is checked first.
 *
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export async function mergeTexts(
  { base, ours, theirs }: MergeTexts,
  { file, choose }: { file: string; choose: Choose },
): Promise<Merged> {
  const hasher = await createHasher()
  const read = (text: string, side: string) => readLockfileText(text, { file: `${file} (${side})`, hasher })
  const sides: MergeSides = {
    base: base === undefined || base.trim() === '' ? undefined : read(base, 'base'),
    ours: read(ours, 'ours'),
    theirs: read(theirs, 'theirs'),
  }
  const { merged, choices } = mergeLockfiles(sides, choose)
  return { text: choices.length === 0 ? formatLockfile(merged) : withMarkers(merged, choices), choices }
}

/** The sides of a lockfile that git left conflict markers in; undefined when there are none. */
export function sidesOf(text: string): MergeTexts | undefined {
  return hasConflictMarkers(text) ? splitConflict(text) : undefined
}

/** The united document as either side has it, with markers around the lines that differ: `sidesOf` reads it back. */
function withMarkers(merged: LockfileDocument, choices: readonly Choice[]): string {
  const [ours, theirs] = (['ours', 'theirs'] as const).map((side) => linesOf(merged, choices, side))
  if (!ours || !theirs) throw new TypeError('There are two sides.')
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

function linesOf(merged: LockfileDocument, choices: readonly Choice[], side: 'ours' | 'theirs'): string[] {
  const chosen = Object.fromEntries(choices.map((choice) => [choice.key, choice[side]]))
  return formatLockfile({ ...merged, models: { ...merged.models, ...chosen } }).split('\n')
}

/** How many lines two texts begin with alike. */
function commonLines(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((line, i) => line !== b[i])
  return index === -1 ? a.length : index
}
