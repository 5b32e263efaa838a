import { dirname } from 'node:path'
import { systemClock, type Clock } from '../system/clock.ts'
import { TEMPORARY_NAME, writeDurably } from '../system/durable.ts'
import type { Entry } from './entry.ts'
import { withLease } from './lease.ts'
import { removeLeftovers } from './leftovers.ts'
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
import { readText } from './record.ts'
import { orUnwritable } from './unwritable.ts'

/**
 * What the project pins. Every method refuses a lockfile that is not whole or not ours, and leaves it as it is.
 *
 * @throws MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION, MESHY_CACHE_UNWRITABLE
 */
export interface Lockfile {
  /** Absolute path. */
  file: string
  /** By key, sorted; empty when there is no lockfile. */
  read(): Promise<Map<string, Entry>>
  /**
   * Pins an entry, and keeps what others have pinned meanwhile. A key that is pinned already to the same GLB gains
   * the files that it lacks. One that is pinned to another GLB stays as it is, unless `replace` is set.
   *
   * @returns the entry that is pinned now, which need not be the given one
   */
  put(entry: Entry, options?: { replace?: boolean; signal?: AbortSignal | undefined }): Promise<Entry>
  remove(keys: Iterable<string>, signal?: AbortSignal): Promise<void>
  /** Writes a whole document, such as the result of a merge, over whatever is there. */
  overwrite(document: LockfileDocument, signal?: AbortSignal): Promise<void>
}

export interface LockfileOptions extends ParseLockfileOptions {
  /** The file of the lease under which all who write this lockfile do so: `layout.lease('lockfile')`. */
  lease: string
  clock?: Clock
}

export function createLockfile({ lease, clock = systemClock, ...options }: LockfileOptions): Lockfile {
  const { file } = options
  const parse = (text: string | undefined): LockfileDocument =>
    text === undefined ? emptyLockfile() : parseLockfile(text, options)

  /** Read, merge, write, under the lease; once more if somebody wrote without it, as git and editors do. */
  const edit = async (change: (models: LockfileDocument['models']) => void, signal?: AbortSignal) =>
    await withLease(
      lease,
      async () => {
        for (;;) {
          const text = await readText(file)
          const document = parse(text)
          const before = formatLockfile(document)
          change(document.models)
          const after = formatLockfile(document)
          if (after === before) return
          if ((await readText(file)) === text) return await write(after)
        }
      },
      { signal, clock },
    )

  const write = async (text: string): Promise<void> =>
    await orUnwritable(file, async () => {
      await removeLeftovers(dirname(file), [TEMPORARY_NAME], clock)
      await writeDurably(file, text)
    })

  return {
    file,
    read: async () => {
      const { models } = parse(await readText(file))
      const keys = Object.keys(models).sort()
      return new Map(keys.flatMap((key) => (models[key] ? [[key, entryOf(key, models[key])] as const] : [])))
    },
    put: async (entry, { replace = false, signal } = {}) => {
      let pinned = modelOf(entry)
      await edit((models) => {
        pinned = unite(models[entry.key], modelOf(entry), replace)
        models[entry.key] = pinned
      }, signal)
      return entryOf(entry.key, pinned)
    },
    remove: async (keys, signal) =>
      await edit((models) => {
        for (const key of keys) delete models[key]
      }, signal),
    overwrite: async (document, signal) =>
      await withLease(lease, async () => await write(formatLockfile(document)), { signal, clock }),
  }
}

function unite(pinned: LockedModel | undefined, fresh: LockedModel, replace: boolean): LockedModel {
  if (!pinned) return fresh
  const [first, second] = replace ? [fresh, pinned] : [pinned, fresh]
  if (pinned.files.glb.sha256 !== fresh.files.glb.sha256) return first
  return uniteModels(first, second)
}
