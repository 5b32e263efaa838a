import { accountDigest } from '../store/journal.ts'
import type { Lease, LeaseOptions } from '../store/lease.ts'
import type { Holder } from '../store/lease-file.ts'
import type { OnItsWay } from '../store/shared/on-its-way.ts'
import { Fault, ignoreFault } from '../system/transfer.ts'
import type { TeamLease } from '../store/shared/team-leases.ts'
import type { TeamStore } from '../store/shared/team-store.ts'
import { currentProcess } from '../system/process.ts'
import type { LocalPorts } from './ports.ts'
import type { Logger } from '../system/logger.ts'

/**
 * Runs `use` while no other process works on the key. Whoever waits is told so: it may take as long as generating a
 * model takes.
 *
 * @param subject.imageName the name of the key for people
 */
export function withKeyLease<T>(
  { store, signal, reporter: { logger } }: LocalPorts,
  { key, imageName }: { key: string; imageName: string },
  use: (lease: Lease) => Promise<T>,
): Promise<T> {
  return store.withLease(key, use, { signal, ...tellOf(logger, imageName) })
}

/** Says who is being waited for, and what to do if that process is suspended. */
function tellOf(logger: Logger, imageName: string): Pick<LeaseOptions, 'onWait' | 'onStill'> {
  return {
    onWait: (holder) => {
      if (isOurs(holder)) return
      logger.info(`meshy: ${imageName}: ${nameOf(holder)} is working on it; waiting for it to finish`)
    },
    onStill: (holder) => {
      if (!holder || isOurs(holder)) return
      logger.warn(
        `meshy: ${imageName}: ${nameOf(holder)} has shown no sign of life for a minute. It may be suspended, by Ctrl-Z or a ` +
          `debugger: resume it (\`kill -CONT ${holder.pid}\`) or end it (\`kill -9 ${holder.pid}\`) to continue here`,
      )
    },
  }
}

function nameOf(holder: Holder | undefined): string {
  if (!holder) return 'another process'
  return `process ${holder.pid}${holder.machine === undefined ? '' : ` on ${holder.machine}`}`
}

/** Runs `use` while no other project of this machine pays for the key with the same account. */
export async function withSharedLease<T>(
  { store: { shared }, options, signal, reporter: { logger } }: LocalPorts,
  { key, imageName }: { key: string; imageName: string },
  lease: Lease,
  use: (lease: Lease) => Promise<T>,
): Promise<T> {
  const { machine } = shared
  if (!machine || options.apiKey === undefined) return use(lease)
  const turn = { account: accountDigest(options.apiKey), key }
  const waiting = { signal, ...tellOf(logger, imageName) }
  return machine.withLease(turn, (ofMachine) => use(ofMachine ? both(lease, ofMachine) : lease), waiting)
}

function both(one: Lease, other: Lease): Lease {
  return { isHeld: async () => (await one.isHeld()) && (await other.isHeld()), own: one.own ?? one }
}

/**
 * Runs `use` while nobody else in the team pays for the key, if its store can decide that. The lease ends once the team
 * can find the result.
 */
export async function withTeamLease<T>(
  ports: LocalPorts,
  subject: { key: string; imageName: string },
  lease: Lease,
  use: (lease: Lease, told: OnItsWay | undefined) => Promise<T>,
): Promise<T> {
  const { team } = ports.store.shared
  const ofTeam = await acquireTeamLease(ports, subject)
  if (!team || !ofTeam) return use(lease, undefined)
  try {
    return await use(both(lease, orComplaint(team, ofTeam)), ofTeam.told)
  } finally {
    // A lease that cannot be released expires when its holder falls silent.
    ports.store.shared.uploads.after(subject.key, () => ofTeam.release().catch(ignoreFault))
  }
}

/** A store that is not accessible does not prevent anyone from paying: the account's own list remains the arbiter. */
async function acquireTeamLease(
  { store: { shared }, signal, reporter: { logger } }: LocalPorts,
  { key, imageName }: { key: string; imageName: string },
): Promise<TeamLease | undefined> {
  const { team } = shared
  if (!team?.leases) return undefined
  const onWait = () => {
    logger.info(`meshy: ${imageName}: someone in the team is working on it; waiting for them to finish`)
  }
  try {
    return (await team.canWrite()) ? await team.leases.acquire(key, { signal, onWait }) : undefined
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    team.complain(error)
    return undefined
  }
}

/** If the store cannot say who has the lease, the account's own list decides as well. */
function orComplaint(team: TeamStore, { isHeld }: TeamLease): Lease {
  return {
    isHeld: async () => {
      try {
        return await isHeld()
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        team.complain(error)
        return true
      }
    },
  }
}

function isOurs(holder: Holder | undefined): boolean {
  const { pid, host } = currentProcess()
  return holder?.pid === pid && holder.host === host
}
