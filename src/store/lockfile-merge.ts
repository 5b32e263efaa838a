import { hasCode, MeshyError } from '../system/errors.ts'
import {
  emptyLockfile,
  formatLockfile,
  parseLockfile,
  uniteModels,
  CONFLICT_MARKER,
  type LockedModel,
  type LockfileDocument,
  type ParseLockfileOptions,
} from './lockfile-document.ts'

/** A key that both sides pin to different bytes: only people can decide. */
export interface Choice {
  key: string
  ours: LockedModel
  theirs: LockedModel
}

interface Merge {
  /** Everything that needs no choice, and what `choose` has chosen. */
  merged: LockfileDocument
  /** What is still open: these keys are not in `merged`. */
  choices: Choice[]
}

export type Choose = (choice: Choice) => 'ours' | 'theirs' | undefined

/** The sides of a merge; without `base`, nothing counts as removed. */
export interface MergeSides {
  base: LockfileDocument | undefined
  ours: LockfileDocument
  theirs: LockfileDocument
}

/**
 * Combines two lockfiles, key by key.
 *
 * 1. What one side has changed or removed since `base`, and the other has not touched, is as on that side.
 * 2. What both sides have is combined if all files that both know have the same bytes.
 * 3. What one side removed and the other changed stays: a model that is paid for is not lost in a merge.
 * 4. The rest is a choice.
 */
export function mergeLockfiles({ base, ours, theirs }: MergeSides, choose: Choose = () => undefined): Merge {
  const models: LockfileDocument['models'] = {}
  const choices: Choice[] = []
  for (const key of new Set([...Object.keys(ours.models), ...Object.keys(theirs.models)])) {
    const sides = { base: base?.models[key], ours: ours.models[key], theirs: theirs.models[key] }
    const choice = choiceOf(key, sides)
    const side = choice && choose(choice)
    const model = choice ? side && choice[side] : mergeModel(sides)
    if (model) models[key] = model
    else if (choice) choices.push(choice)
  }
  return { merged: { ...theirs, ...ours, models }, choices }
}

/**
 * The sides of a lockfile with conflict markers.
 *
 * In the style `zdiff3`, git moves what both sides have in common out of the conflict, so the base is no longer a valid
 * file. Then there is none: nothing counts as removed, and a key with different bytes is a choice.
 *
 * @throws MESHY_LOCKFILE_CONFLICT if the markers do not pair; MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION if a side
 * is not a lockfile
 */
export function readConflict(text: string, options: ParseLockfileOptions): MergeSides {
  const { base, ours, theirs } = splitConflict(text)
  return {
    base: base === undefined ? undefined : parseBase(base, options),
    ours: parseLockfile(ours, options),
    theirs: parseLockfile(theirs, options),
  }
}

function parseBase(text: string, options: ParseLockfileOptions): LockfileDocument | undefined {
  try {
    return parseLockfile(text, options)
  } catch (error) {
    if (hasCode(error, 'MESHY_LOCKFILE_INVALID')) return undefined
    throw error
  }
}

interface ModelSides {
  base: LockedModel | undefined
  ours: LockedModel | undefined
  theirs: LockedModel | undefined
}

function choiceOf(key: string, { base, ours, theirs }: ModelSides): Choice | undefined {
  if (!ours || !theirs || sameBytes(ours, theirs)) return undefined
  const isOneSided = isSame(base, ours) || isSame(base, theirs)
  return isOneSided ? undefined : { key, ours, theirs }
}

function mergeModel({ base, ours, theirs }: ModelSides): LockedModel | undefined {
  if (isSame(base, ours)) return theirs
  if (isSame(base, theirs)) return ours
  if (!ours || !theirs) return ours ?? theirs
  return uniteModels(ours, theirs)
}

function sameBytes(ours: LockedModel, theirs: LockedModel): boolean {
  const others = new Map(Object.entries(theirs.files))
  return Object.entries(ours.files).every(
    ([role, { sha256 }]) => (others.get(role)?.sha256 ?? sha256) === sha256,
  )
}

/** Whether a side is the same as the base. A model that is not in the base was added. */
function isSame(base: LockedModel | undefined, side: LockedModel | undefined): boolean {
  return base !== undefined && side !== undefined && formatModel(base) === formatModel(side)
}

function formatModel(model: LockedModel): string {
  return formatLockfile({ ...emptyLockfile(), models: { model } })
}

/** The sides of a file with conflict markers, each as if the other did not exist. */
interface ConflictSides {
  /** The common ancestor of both sides; only in the styles `diff3` and `zdiff3`. */
  base: string | undefined
  ours: string
  theirs: string
}

type Side = 'both' | 'ours' | 'base' | 'theirs'

/** Marker → the side that it ends, the side that it starts. */
const TURNS: Record<string, { from: Side[]; to: Side }> = {
  '<<<<<<<': { from: ['both'], to: 'ours' },
  '|||||||': { from: ['ours'], to: 'base' },
  '=======': { from: ['ours', 'base'], to: 'theirs' },
  '>>>>>>>': { from: ['theirs'], to: 'both' },
}

/**
 * Splits a file with conflict markers. What git could merge by itself is in every side.
 *
 * @throws MESHY_LOCKFILE_CONFLICT if the markers do not pair: somebody has removed some of them by hand
 */
export function splitConflict(text: string): ConflictSides {
  const sides = { base: '', ours: '', theirs: '' }
  let side: Side = 'both'
  let hasBase = false
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const turn = TURNS[CONFLICT_MARKER.exec(line)?.[1] ?? '']
    if (turn) {
      if (!turn.from.includes(side)) throw unpaired(line.trim())
      side = turn.to
      hasBase ||= side === 'base'
    } else {
      for (const name of side === 'both' ? (['base', 'ours', 'theirs'] as const) : [side]) sides[name] += line
    }
  }
  if (side !== 'both') throw unpaired('>>>>>>>')
  return { ...sides, base: hasBase ? sides.base : undefined }
}

function unpaired(marker: string): MeshyError {
  return new MeshyError('MESHY_LOCKFILE_CONFLICT', {
    message: `The conflict markers of the lockfile are incomplete: \`${marker}\` has no counterpart.`,
    hint: 'Run `git checkout --merge -- meshy-lock.json` to restore the conflict, then `unplugin-meshy merge`.',
    details: { marker },
  })
}
