import type { DerivedFile, Entry } from '../store/entry.ts'
import type { Notices } from '../system/logger.ts'
import { derivedKey, type Deriving, type Part } from './derivation.ts'

interface FrozenDeriving extends Deriving {
  options: Deriving['options'] & { mode: string }
  reporter: { notices: Notices }
}

/**
 * What an earlier release derived by the same steps, and pinned. `frozen` serves it, since a newer release alone must not
 * break what is committed; every other mode derives anew.
 */
export function findEarlier(
  { options, store: { hasher }, reporter: { notices } }: FrozenDeriving,
  { image, files, derived = {} }: Pick<Entry, 'image' | 'files' | 'derived'>,
  { steps }: Part,
): { key: string; file: DerivedFile } | undefined {
  if (options.mode !== 'frozen') return undefined
  const own = options.transforms.length
  const wanted = withoutRevisions(steps, own)
  const found = Object.entries(derived).find(
    ([key, file]) =>
      withoutRevisions(file.steps, own) === wanted &&
      key === derivedKey(hasher, files.glb.sha256, file.steps),
  )
  if (!found) return undefined
  const [key, file] = found
  notices.once(
    `${image}: ${file.steps.join(', ')} was derived by an earlier release, which may have done it wrong. ` +
      `It is served as pinned; a build that is not \`frozen\` derives and pins it anew.`,
  )
  return { key, file }
}

/** The user's own steps come first, and their versions are the user's business. */
function withoutRevisions(steps: readonly string[], own: number): string {
  return JSON.stringify(steps.map((step, i) => (i < own ? step : step.replace(/@\d+$/, ''))))
}
