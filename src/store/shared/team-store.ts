import type { Entry, BlobRef } from '../entry.ts'
import type { Blobs } from '../blobs.ts'
import { createHash } from 'node:crypto'
import { hasCode } from '../../system/errors.ts'
import { warnOnce } from '../../system/logger.ts'
import { mayBeAbsent, readSmall, type ObjectStore } from './object-store.ts'
import { MAX_ENTRY_BYTES, readSharedEntry, withOthers, writeSharedEntry } from './shared-entry.ts'
import type { EntryRefusal } from './shared-entry.ts'
import { Fault } from '../../system/transfer.ts'
import type { TeamLeases } from './team-leases.ts'

/** Bytes and entries that a team shares. Every method throws Fault if the store cannot say. */
export interface TeamStore {
  /** For people: `s3://bucket/prefix`. */
  label: string
  /** Whether it also stores entries; a plain HTTP store stores only bytes. */
  keepsEntries: boolean
  /** Whether this run has credentials for it: anonymous readers write nothing. */
  canWrite(): Promise<boolean>
  /** Warns about what the store did. Once per run: what is wrong with a store is wrong with it for every model. */
  complain(problem: Fault | string): void
  /** Whether a problem was reported. */
  hasComplained(): boolean
  /** Undefined if the store has none: a plain HTTP server cannot decide who was first. */
  leases: TeamLeases | undefined
  /** Streams a blob into the blobs of a project, which verify it. @returns whether the store has it */
  bring(ref: BlobRef, into: Blobs, signal?: AbortSignal): Promise<boolean>
  has(ref: BlobRef, signal?: AbortSignal): Promise<boolean>
  /** Reads a blob to its end. @returns whether it exists. @throws {Fault} `wrong` for other bytes */
  check(ref: BlobRef, signal?: AbortSignal): Promise<boolean>
  /** Uploads a blob, unless it exists; with `replace`, in any case. @returns whether it was uploaded */
  keep(
    ref: BlobRef,
    file: string,
    options?: { replace?: boolean; signal?: AbortSignal | undefined },
  ): Promise<boolean>
  find(key: string, signal?: AbortSignal): Promise<Entry | EntryRefusal | undefined>
  /** Call it after its bytes are kept. */
  keepEntry(entry: Entry, signal?: AbortSignal): Promise<void>
}

interface TeamStoreInit extends Pick<TeamStore, 'label' | 'keepsEntries' | 'canWrite' | 'leases'> {
  objects: ObjectStore
  /** Path of an object with bytes. */
  casName: (sha256: string) => string
  keyOf: (request: Entry['request']) => string
  signingKey: string | undefined
  /** Whether this run writes to it, and therefore leaves something to upload. */
  mayUpload: boolean
  warn: (text: string) => void
}

type BlobSink = (bytes: AsyncIterable<Uint8Array>) => Promise<unknown>

export function createTeamStore(init: TeamStoreInit): TeamStore {
  const { label, objects, casName, signingKey, keyOf, keepsEntries, canWrite, leases, mayUpload } = init
  const complaints = warnOnce(init.warn)
  const entryName = (key: string): string => `entries/${key}.json`
  const readBlob = async (ref: BlobRef, sink: BlobSink, signal: AbortSignal | undefined): Promise<boolean> =>
    (await objects.read(casName(ref.sha256), sink, { bytes: ref.bytes, signal })) !== undefined
  const find: TeamStore['find'] = async (key, signal) => {
    if (!keepsEntries) return undefined
    const read = (bytes: AsyncIterable<Uint8Array>) => readSmall(bytes, MAX_ENTRY_BYTES)
    const text = await objects.read(entryName(key), read, { bytes: 0, signal })
    return text === undefined ? undefined : readSharedEntry(text, { key, keyOf, signingKey })
  }
  return {
    label,
    keepsEntries,
    canWrite,
    leases,
    complain: (problem) => complaints.warn(`the team store ${label}${textOf(problem, mayUpload)}`),
    hasComplained: complaints.hasWarned,
    bring: (ref, into, signal) => readBlob(ref, (bytes) => receive(bytes, { ref, into, signal }), signal),
    check: (ref, signal) => readBlob(ref, (bytes) => assertBytes(bytes, ref), signal),
    has: (ref, signal) => objects.has(casName(ref.sha256), signal),
    keep: ({ sha256, bytes }, file, { replace = false, signal } = {}) => {
      const body = { file, length: bytes, sha256 }
      return objects.write(casName(sha256), body, { onlyNew: !replace, signal })
    },
    find,
    keepEntry: async (entry, signal) => {
      if (!keepsEntries) return
      const known = await find(entry.key, signal).catch((error: unknown) => {
        if (!mayBeAbsent(error)) throw error
        return undefined
      })
      const whole = withOthers(entry, typeof known === 'string' ? undefined : known)
      const bytes = Buffer.from(writeSharedEntry(whole, signingKey))
      await objects.write(entryName(entry.key), { bytes }, { signal })
    },
  }
}

function textOf(problem: Fault | string, mayUpload: boolean): string {
  if (typeof problem === 'string') return `: ${problem}`
  const { kind, message } = problem
  // What helps is part of the message, and concerns this file alone.
  if (kind === 'damaged') return ` ${message}`
  const again = kind === 'transient' || kind === 'slow' ? 'later' : 'once that is fixed'
  const way = mayUpload ? `; run \`unplugin-meshy push\` ${again} to upload what it lacks` : ''
  return ` ${message}; this run continues without it${way}`
}

/** The blobs verify what arrives: other bytes are a fault of the store, and are never kept. */
async function receive(
  bytes: AsyncIterable<Uint8Array>,
  { ref, into, signal }: { ref: BlobRef; into: Blobs; signal: AbortSignal | undefined },
): Promise<BlobRef> {
  try {
    return await into.write(bounded(bytes, ref.bytes), {
      ext: ref.ext,
      expected: ref,
      durable: false,
      signal,
    })
  } catch (error) {
    if (!hasCode(error, 'MESHY_DOWNLOAD_INVALID')) throw error
    throw damaged('has other bytes under its name', error)
  }
}

async function assertBytes(bytes: AsyncIterable<Uint8Array>, ref: BlobRef): Promise<true> {
  const hash = createHash('sha256')
  for await (const chunk of bounded(bytes, ref.bytes)) hash.update(chunk)
  if (hash.digest('hex') === ref.sha256) return true
  throw damaged('has other bytes under its name')
}

async function* bounded(bytes: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let count = 0
  for await (const chunk of bytes) {
    count += chunk.byteLength
    if (count > limit) throw damaged('sent more bytes than the file has')
    yield chunk
  }
}

function damaged(what: string, cause?: unknown): Fault {
  const way = '`unplugin-meshy push --repair` replaces them from a project that has the file'
  return new Fault('damaged', `${what}; ${way}`, { cause })
}
