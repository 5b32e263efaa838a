import { isOutdated } from '../glb/facts.ts'
import type { Entry } from '../store/entry.ts'
import { hasPictures } from '../store/picture-digests.ts'
import { mayGenerate } from './modes.ts'
import type { FindingPorts } from './ports.ts'

/**
 * Whether nothing is left to do for a stored model: it is pinned, nothing on its way tells of its key, it says of which
 * pictures it is made, and its facts are told as today. A run that may not generate leaves it as it is.
 */
export async function isComplete(
  { options: { mode }, store }: Pick<FindingPorts, 'options' | 'store'>,
  { key, request, facts }: Entry,
): Promise<boolean> {
  if (!mayGenerate(mode)) return true
  if (!hasPictures(request) || isOutdated(facts)) return false
  if (store.lockfile && !(await store.lockfile.get(key))) return false
  return !(await store.journal.begun()).has(key)
}
