import path from 'node:path'
import type { Entry } from '../store/entry.ts'
import type { Ports, Settings } from './ports.ts'

/** GitHub warns of files from 50 MiB and refuses them from 100 MiB (docs.github.com, "About large files"). */
const LARGE_MIB = 50
const MIB = 1024 * 1024

/**
 * Tells once what to commit, when the project's first model is stored, and names files that a host of repositories may
 * refuse. An emulator's models are not worth committing.
 */
export function hintToCommit(ports: Ports, entry: Entry, { isFirst }: { isFirst: boolean }): void {
  const {
    options,
    reporter: { logger, notices },
  } = ports
  if (!options.lockfile || entry.source === 'emulator') return
  const relative = (file: string) => path.relative(options.projectDir, file).replaceAll('\\', '/')
  const blobs = `${relative(options.cacheDir)}/blobs`
  const { teamStore } = options
  if (isFirst) logger.info(`meshy: ${whatToCommit(options, relative)}`)
  if (teamStore?.writtenIn === 'config') return
  for (const { sha256, bytes, ext } of Object.values(entry.files)) {
    if (bytes < LARGE_MIB * MIB) continue
    notices.once(
      `${entry.image}: \`${blobs}/${sha256.slice(0, 2)}/${sha256}.${ext}\` has ${Math.round(bytes / MIB)} MiB; ` +
        'hosts of repositories refuse files from 100 MiB: use Git LFS for it, or ask for fewer triangles (`poly`)',
    )
  }
}

function whatToCommit(
  { lockfile, cacheDir, teamStore }: Settings,
  relative: (file: string) => string,
): string {
  const pins = lockfile ? relative(lockfile) : ''
  const gain = 'then everybody, and CI, builds these bytes without a key and without paying'
  return teamStore?.writtenIn === 'config'
    ? `commit \`${pins}\` alone, the models are in the team's store ${teamStore.address.label}: ${gain}`
    : `commit \`${pins}\` and \`${relative(cacheDir)}\` (its .gitignore lets in the blobs): ${gain}`
}
