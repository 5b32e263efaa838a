import { accountDigest } from '../../store/journal.ts'
import type { Lease, LeaseOptions } from '../../store/lease.ts'
import type { Holder } from '../../store/lease-file.ts'
import { currentProcess } from '../../system/process.ts'
import type { Context } from '../context.ts'
import type { Logger } from '../telling/logger.ts'

/**
 * Runs `use` while no other process works on the key. Whoever waits for one is told: it may take as long as making a
 * model takes.
 *
 * @param subject.imageName what the key is called for people
 */
export function takeTurn<T>(
  { store, signal, logger }: Context,
  { key, imageName }: { key: string; imageName: string },
  use: (lease: Lease) => Promise<T>,
): Promise<T> {
  return store.withLease(key, use, { signal, ...tellOf(logger, imageName) })
}

/** Says who is waited for, and what to do about one that is stopped. */
function tellOf(logger: Logger, imageName: string): Pick<LeaseOptions, 'onWait' | 'onStill'> {
  return {
    onWait: (holder) => {
      if (isOurs(holder)) return
      logger.info(`meshy: ${imageName}: ${nameOf(holder)} is at work on it; waiting for that to end`)
    },
    onStill: (holder) => {
      if (!holder || isOurs(holder)) return
      logger.warn(
        `meshy: ${imageName}: ${nameOf(holder)} has given no sign of life for a minute. It may be stopped, by Ctrl-Z or a ` +
          `debugger: continue it (\`kill -CONT ${holder.pid}\`) or end it (\`kill -9 ${holder.pid}\`), and this goes on`,
      )
    },
  }
}

function nameOf(holder: Holder | undefined): string {
  if (!holder) return 'another process'
  return `process ${holder.pid}${holder.machine === undefined ? '' : ` on ${holder.machine}`}`
}

/** Runs `use` while no other project of this machine pays for the key with the same account. */
export async function withSharedTurn<T>(
  { sharing, options, signal, logger }: Context,
  { key, imageName }: { key: string; imageName: string },
  use: () => Promise<T>,
): Promise<T> {
  const { machine } = sharing
  if (!machine || options.apiKey === undefined) return use()
  const account = accountDigest(options.apiKey)
  return machine.withLease({ account, key }, use, { signal, ...tellOf(logger, imageName) })
}

function isOurs(holder: Holder | undefined): boolean {
  const { pid, host } = currentProcess()
  return holder?.pid === pid && holder.host === host
}
