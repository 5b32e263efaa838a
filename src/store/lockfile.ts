import { dirname, join, basename } from 'node:path'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { CanonicalRequest } from '../request/request.ts'
import { systemClock, type Clock } from '../system/clock.ts'
import { TEMPORARY_NAME, writeDurably } from '../system/durable.ts'
import { followLinks, type FileState, realpathIfThere } from '../system/file.ts'
import { type Entry, isSameModel, withPictures } from './entry.ts'
import { removeLeftovers } from './prepare.ts'
import {
  emptyLockfile,
  entryOf,
  formatLockfile,
  modelOf,
  parseLockfile,
  uniteModels,
  type LockedModel,
  type LockfileDocument,
  type ParseLockfileOptions,
} from './lockfile-document.ts'
import { indentOf } from '../system/json.ts'
import { readText } from './record.ts'
import { ifIntact, orUnwritable, OUT_OF_REACH } from './disk-errors.ts'
import { readFileState } from './verified-files.ts'
import { once } from '../system/once.ts'
import { GUARD_NAME } from './lease-file.ts'
import { withLease, withLeaseIfPossible } from './lease.ts'
import { openOnce } from './shared/machine-folder.ts'

/**
 * What the project pins, as a run queries it: read again only if the file changed, so that 500 imports read it once.
 * Every method refuses a lockfile that is incomplete or invalid, and leaves it as it is.
 *
 * @throws MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION, MESHY_CACHE_UNWRITABLE
 */
export type Lockfile = ReturnType<typeof createLockfile>

interface LockfileOptions extends ParseLockfileOptions {
  /** The file of the lease under which everyone writes this lockfile: `layout.lease('lockfile')`. */
  lease: string
  clock?: Clock
}

export function createLockfile(given: LockfileOptions) {
  const { file, lease, clock = systemClock } = given
  const options = { ...given, clock, inTurn: createLockfileLease({ file, lease, clock }) }
  const { read, forget } = createReader(options)
  const change = async (step: Change): Promise<void> => {
    await edit(options, step)
    // Two writes within one tick of the file system's clock look alike.
    forget()
  }
  return {
    /** By key, sorted; empty if there is no lockfile. */
    all: read,
    get: async (key: string) => (await read()).get(key),
    /**
     * Pins an entry, and keeps what others have pinned in the meantime. A key that is already pinned to the same GLB
     * gains the files that it lacks. A key that is pinned to another GLB stays as it is, unless `replace` is set.
     *
     * With `renew`, what the given entry says of the same GLB takes precedence over what is pinned.
     *
     * @returns the entry that is pinned now, which need not be the given one
     */
    put: async (entry: Entry, { replace = false, renew = false } = {}): Promise<Entry> => {
      let pinned = modelOf(entry)
      await change((models) => {
        pinned = unite(models[entry.key], modelOf(entry), { replace, renew: renew || replace })
        models[entry.key] = pinned
      })
      return entryOf(entry.key, pinned)
    },
    addPictures: createPictures(change),
    remove: async (keys: Iterable<string>): Promise<void> => {
      const removed = [...keys]
      await change((models) => {
        for (const key of removed) delete models[key]
      })
    },
  }
}

/** Reads the entries of a lockfile, once for each state of the file. */
function createReader(options: ParseLockfileOptions) {
  let seen: { state: string | undefined; entries: Promise<Map<string, Entry>> } | undefined
  let asking: Promise<FileState | undefined> | undefined
  return {
    forget: () => (seen = undefined),
    read: async (): Promise<Map<string, Entry>> => {
      asking ??= readFileState(options.file).finally(() => (asking = undefined))
      const state = (await asking)?.text
      if (seen && seen.state === state) return seen.entries
      const reading = { state, entries: readEntries(options) }
      seen = reading
      // The next import asks the disk again: the file may not change when it can be read.
      reading.entries.catch(() => seen === reading && (seen = undefined))
      return reading.entries
    },
  }
}

async function readEntries(options: ParseLockfileOptions): Promise<Map<string, Entry>> {
  const { models } = parse(await readText(options.file), options)
  const keys = Object.keys(models).sort()
  return new Map(keys.flatMap((key) => (models[key] ? [[key, entryOf(key, models[key])] as const] : [])))
}

/**
 * Adds the SHA-256 of the images of a request to its entry. Requests that come together are written together. What is
 * not pinned stays that way.
 */
function createPictures(change: (step: Change) => Promise<void>) {
  let waiting = new Map<string, CanonicalRequest>()
  let adding: Promise<void> | undefined
  const addAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const requests = waiting
      waiting = new Map()
      await change((models) => {
        for (const [key, request] of requests) {
          const model = models[key]
          if (model) models[key] = { ...model, request: withPictures(model.request, request) }
        }
      })
    }
  }
  return (key: string, request: CanonicalRequest): Promise<void> => {
    waiting.set(key, request)
    adding ??= addAll().finally(() => (adding = undefined))
    return adding
  }
}

type Change = (models: LockfileDocument['models']) => void

interface Editing extends ParseLockfileOptions {
  clock: Clock
  inTurn: (use: () => Promise<void>) => Promise<void>
}

/** Read, merge and write under the lease; once more if somebody wrote without it, as git and editors do. */
async function edit(options: Editing, change: Change) {
  const attempt = async (): Promise<boolean> => {
    const text = await readText(options.file)
    const document = parse(text, options)
    const indent = indentOf(text ?? (await manifestBeside(options.file)))
    const before = formatLockfile(document, indent)
    change(document.models)
    const after = formatLockfile(document, indent)
    if (after === before) return true
    // What a run is about to write is checked like what it reads: a lockfile that we would refuse is never written.
    parseLockfile(after, options)
    if ((await readText(options.file)) !== text) return false
    await writeLockfile(options.file, after, options.clock)
    return true
  }
  await options.inTurn(async () => {
    let isDone = false
    while (!isDone) isDone = await attempt()
  })
}

/**
 * A new lockfile is indented like a file that the project's formatter has formatted, so that it finds nothing to do.
 */
async function manifestBeside(file: string): Promise<string> {
  return (
    (await ifIntact(() => readText(join(dirname(file), 'package.json')), ['MESHY_CACHE_UNREADABLE'])) ?? ''
  )
}

/** @throws MESHY_CACHE_UNWRITABLE */
export async function writeLockfile(file: string, text: string, clock: Clock): Promise<void> {
  await orUnwritable(file, async () => {
    // Two packages may share one through a link.
    const target = await followLinks(file)
    await removeLeftovers(dirname(target), [TEMPORARY_NAME], clock)
    await writeDurably(target, text)
  })
}

function parse(text: string | undefined, options: ParseLockfileOptions): LockfileDocument {
  return text === undefined ? emptyLockfile() : parseLockfile(text, options)
}

function unite(
  pinned: LockedModel | undefined,
  fresh: LockedModel,
  { replace, renew }: { replace: boolean; renew: boolean },
): LockedModel {
  if (!pinned) return fresh
  if (!isSameModel(pinned, fresh)) return replace ? fresh : pinned
  return renew ? uniteModels(fresh, pinned) : uniteModels(pinned, fresh)
}

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
function createLockfileLease({ file, lease, clock }: LockfileLeaseOptions) {
  const folder = leasesOfUser()
  // Without it, the first lease has to do.
  const isOpen = openOnce(folder, () => {})
  const tidy = once(() =>
    orUnwritable(folder, () => removeLeftovers(folder, [TEMPORARY_NAME, GUARD_NAME], clock)),
  )
  const inTurn = async (use: () => Promise<void>): Promise<void> => {
    const name = await ifIntact(() => nameOf(file), OUT_OF_REACH)
    const options = { clock, prepare: tidy }
    await (name === undefined ? use() : withLeaseIfPossible(join(folder, name), use, options))
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
