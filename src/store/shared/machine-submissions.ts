import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { MeshyError } from '../../system/errors.ts'
import { syncFolder } from '../../system/durable.ts'
import { listFolder, type Layout } from '../layout.ts'
import { withLease, type Lease } from '../lease.ts'
import { KEY_PATTERN } from '../entry.ts'
import { ifExists, orUnwritable } from '../disk-errors.ts'
import { readRecord, RECORD_VERSION, writeRecord } from '../record.ts'
import type { Clock } from '../../system/clock.ts'
import { ifUsable } from './machine-folder.ts'
import { onItsWaySchema, type OnItsWay } from './on-its-way.ts'

/** Whose payment, and for which key. */
export interface Turn {
  account: string
  key: string
}

const schema = z.looseObject({ version: z.literal(RECORD_VERSION), onItsWay: onItsWaySchema })

/** The service keeps a task for 3 days; one more day, because the clock of this machine is not the one that counts. */
const KEPT_MS = 4 * 24 * 60 * 60_000
const NAME = /^(([0-9a-f]{16})-([0-9a-f]{16}))\.json$/

/**
 * What was sent for the keys of a machine: `journal/<account>-<key>.json`. Written under the lease of the key: what
 * another project is working on is left to that.
 */
export function createMachineSubmissions(
  layout: Layout,
  { prepare, clock }: { prepare: () => Promise<void>; clock: Clock },
) {
  const held = new Set<string>()
  /** @throws {MeshyError} MESHY_CACHE_CORRUPT, MESHY_CACHE_VERSION, MESHY_CACHE_UNREADABLE */
  const read = async (turn: Turn): Promise<OnItsWay | undefined> =>
    (await readRecord(fileOf(layout, turn), { schema: () => schema, corrupt }))?.onItsWay
  /** @throws {MeshyError} MESHY_CACHE_UNWRITABLE */
  const change = async (turn: Turn, step: (file: string) => Promise<void>): Promise<void> => {
    const name = nameOf(turn)
    const here = () => step(fileOf(layout, turn))
    await prepare()
    await (held.has(name) ? here() : ifNobodyWorks(layout.lease(name), clock, here))
  }
  return {
    read,
    /** What was sent with an account, by key, as far as it can be read. */
    readAll: async (account: string): Promise<Map<string, OnItsWay>> => {
      const found = new Map<string, OnItsWay>()
      for (const name of await listFolder(layout.journal)) {
        const [, , owner, key] = NAME.exec(name) ?? []
        const told = key && owner === account ? await ifUsable(() => read({ account, key })) : undefined
        if (key && told) found.set(key, told)
      }
      return found
    },
    /** Under the lease of the key: nobody else is working on it. */
    during:
      <T>(turn: Turn, use: (lease: Lease | undefined) => Promise<T>) =>
      async (lease: Lease | undefined): Promise<T> => {
        if (lease) held.add(nameOf(turn))
        return use(lease).finally(() => held.delete(nameOf(turn)))
      },
    write: (turn: Turn, onItsWay: OnItsWay | undefined) =>
      change(turn, async (file) => {
        if (!onItsWay) return remove(file)
        await writeRecord(file, { version: RECORD_VERSION, onItsWay }, layout.tmp)
        // The folder too, which another process may have created a moment ago.
        await orUnwritable(file, () => syncFolder(layout.root))
      }),
    /** Removes what was sent if it `isOver`. */
    end: async (turn: Turn, isOver: (told: OnItsWay) => boolean): Promise<void> => {
      const isEnded = async () => {
        const told = await ifUsable(() => read(turn))
        return told !== undefined && isOver(told)
      }
      if (!(await isEnded())) return
      await change(turn, async (file) => {
        if (await isEnded()) await remove(file)
      })
    },
    /**
     * Removes records that no longer have a meaning, including unreadable ones. A record whose key someone is working
     * on is left for the next time.
     *
     * @throws {MeshyError} MESHY_CACHE_UNWRITABLE, MESHY_CACHE_UNREADABLE
     */
    prune: async (): Promise<void> => {
      for (const name of await listFolder(layout.journal)) {
        const [, lease] = NAME.exec(name) ?? []
        const file = path.join(layout.journal, name)
        if (lease && (await isOver(file, clock)))
          await ifNobodyWorks(layout.lease(lease), clock, () => removeIfOver(file, clock))
      }
    },
  }
}

function nameOf({ account, key }: Turn): string {
  return `${account}-${key}`
}

function fileOf({ journal }: Layout, turn: Turn): string {
  const { account, key } = turn
  if (!KEY_PATTERN.test(account) || !KEY_PATTERN.test(key)) throw new TypeError('Expected two digests')
  return path.join(journal, `${nameOf(turn)}.json`)
}

function remove(file: string): Promise<void> {
  return orUnwritable(file, () => rm(file, { force: true }))
}

/** Written when the request was sent, or later: a record this old belongs to a task that is gone. */
async function isOver(file: string, clock: Clock): Promise<boolean> {
  const found = await ifExists(file, () => stat(file))
  return found !== undefined && clock.now() - found.mtimeMs > KEPT_MS
}

/** Again, because someone may have started over before the lease was ours. */
async function removeIfOver(file: string, clock: Clock): Promise<void> {
  if (await isOver(file, clock)) await remove(file)
}

async function ifNobodyWorks(lease: string, clock: Clock, step: () => Promise<void>): Promise<void> {
  const waiting = new AbortController()
  try {
    await withLease(lease, step, { clock, signal: waiting.signal, onWait: () => waiting.abort() })
  } catch (error) {
    if (!waiting.signal.aborted) throw error
  }
}

function corrupt(file: string, problem: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_CACHE_CORRUPT', {
    message: `\`${file}\` is not a valid record of a submission: ${problem}.`,
    hint: 'Delete the file, unless a model of that key was being paid for.',
    cause,
  })
}
