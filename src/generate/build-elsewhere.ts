import path from 'node:path'
import type { LocalPorts } from './ports.ts'

/** What to do where a `frozen` run lacks something. */
export function buildElsewhere({ options: { lockfile, cacheDir } }: Pick<LocalPorts, 'options'>): string {
  const cache = path.basename(cacheDir)
  if (lockfile !== false) {
    return (
      `Build on your machine and commit \`${path.basename(lockfile)}\` and \`${cache}\`, ` +
      'or set MESHY_MODE=generate for this run.'
    )
  }
  return (
    `With \`lockfile: false\` a frozen run has what this machine stored: restore \`${cache}\`, set MESHY_MODE=generate ` +
    'for this run, or remove the option and commit what a build pins.'
  )
}
