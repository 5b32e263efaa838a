import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../system/clock.ts'
import { TEMPORARY_NAME } from '../system/durable.ts'
import { isMeshyError } from '../system/errors.ts'
import { followLinks, realpathIfThere } from '../system/file.ts'
import { once } from '../system/once.ts'
import { orUnwritable } from './disk-errors.ts'
import { GUARD_NAME } from './lease-file.ts'
import { withLease } from './lease.ts'
import { removeLeftovers } from './prepare.ts'
import { openOnce } from './shared/machine-folder.ts'

interface LockfileLeaseOptions {
  /** The lockfile. */
  file: string
  /** The file of its lease in the cache folder. */
  lease: string
  clock: Clock
}

/**
 * Creates what runs one writer of a lockfile at a time. Two leases, always taken in this order:
 *
 * 1. That of the cache folder, which everyone sees who shares the folder, also from another machine.
 * 2. One for the lockfile itself, which all processes of this user on this machine see: the packages of a monorepo may
 *    write one lockfile, each with a cache folder of its own.
 */
export function createLockfileLease({ file, lease, clock }: LockfileLeaseOptions) {
  const folder = leasesOfUser()
  // Without it, the first lease has to do.
  const isOpen = openOnce(folder, () => {})
  const tidy = once(() =>
    orUnwritable(folder, () => removeLeftovers(folder, [TEMPORARY_NAME, GUARD_NAME], clock)),
  )
  const inTurn = async (use: () => Promise<void>): Promise<void> => {
    let isTurn = false
    const begin = () => {
      isTurn = true
      return use()
    }
    try {
      await tidy()
      await withLease(join(folder, await nameOf(file)), begin, { clock })
    } catch (error) {
      if (isTurn || !isOutOfReach(error)) throw error
      await use()
    }
  }
  return (use: () => Promise<void>): Promise<void> =>
    withLease(lease, async () => ((await isOpen()) ? inTurn(use) : use()), { clock })
}

/** Not in the machine store, which each project may turn off or put elsewhere; nor beside the lockfile, where git looks. */
function leasesOfUser(): string {
  return join(tmpdir(), `unplugin-meshy-leases-${process.getuid?.() ?? 'own'}`)
}

/** The same for every path that leads to the lockfile, also before there is one. */
async function nameOf(file: string): Promise<string> {
  const real = await orUnwritable(file, async () => {
    const target = await followLinks(file)
    const folder = await realpathIfThere(dirname(target))
    return join(folder ?? dirname(target), basename(target))
  })
  return `lockfile-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`
}

function isOutOfReach(error: unknown): boolean {
  const codes = ['MESHY_CACHE_UNWRITABLE', 'MESHY_CACHE_UNREADABLE']
  return isMeshyError(error) && codes.includes(error.code)
}
