import type { Entry } from '../../store/entry.ts'

/** A model that differs between two lockfiles. */
export interface Difference {
  change: 'added' | 'changed' | 'removed'
  key: string
  image: string
  source: Entry['source']
  /** What the new bytes took; 0 for what was removed, and for the user's own. */
  credits: number
}

/** What became of the models from one lockfile to another. Other bytes are a change; other provenance is not. */
export function compareModels(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): Difference[] {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys]
    .flatMap((key) => differenceOf(before.get(key), after.get(key)))
    .toSorted((a, b) => (`${a.image} ${a.key}` < `${b.image} ${b.key}` ? -1 : 1))
}

function differenceOf(before: Entry | undefined, after: Entry | undefined): Difference[] {
  if (!after) return before ? [toDifference('removed', before, 0)] : []
  if (before && hashesOf(before) === hashesOf(after)) return []
  const isNewModel = before?.files.glb.sha256 !== after.files.glb.sha256
  const credits = isNewModel && after.source !== 'pinned' ? (after.task?.credits ?? 0) : 0
  return [toDifference(before ? 'changed' : 'added', after, credits)]
}

function toDifference(
  change: Difference['change'],
  { key, image, source }: Entry,
  credits: number,
): Difference {
  return { change, key, image, source, credits }
}

function hashesOf({ files, derived }: Entry): string {
  return Object.entries({ ...files, ...derived })
    .map(([role, { sha256 }]) => `${role} ${sha256}`)
    .sort()
    .join('\n')
}
