import { MeshyError } from '../system/errors.ts'

/** The sides of a file with conflict markers, each as if the other did not exist. */
export interface ConflictSides {
  /** What both sides come from; only in the styles `diff3` and `zdiff3`. */
  base: string | undefined
  ours: string
  theirs: string
}

/** No line of JSON starts like this. */
const MARKER = /^(<{7}|\|{7}|={7}|>{7})(?:[ \t].*)?\r?$/m

export function hasConflictMarkers(text: string): boolean {
  return MARKER.test(text)
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
 * Takes a file with conflict markers apart. What git could merge by itself is in every side.
 *
 * @throws MESHY_LOCKFILE_CONFLICT when the markers do not pair: somebody has removed some of them by hand
 */
export function splitConflict(text: string): ConflictSides {
  const sides = { base: '', ours: '', theirs: '' }
  let side: Side = 'both'
  let hasBase = false
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const turn = TURNS[MARKER.exec(line)?.[1] ?? '']
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
    message: `The conflict markers of the lockfile do not pair: \`${marker}\` is missing its partner.`,
    hint: 'Run `git checkout --merge -- meshy-lock.json` to get the conflict back, then `unplugin-meshy merge`.',
    details: { marker },
  })
}
