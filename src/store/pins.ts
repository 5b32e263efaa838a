import { stat } from 'node:fs/promises'
import type { CanonicalRequest } from '../request/request.ts'
import type { Entry } from './entry.ts'
import type { Lockfile } from './lockfile.ts'
import { hasErrno } from '../system/errors.ts'

/** The lockfile as a run queries it: parsed again only if the file changed, so that 500 imports read it once. */
export interface Pins {
  get(key: string): Promise<Entry | undefined>
  /** Pins a model; returns what is pinned now: other bytes stay, unless `replace` is set. */
  put(entry: Entry, options?: { replace?: boolean }): Promise<Entry>
  /** Adds the SHA-256 of the images of a request to its entry. Requests that come together are written together. */
  addPictures(key: string, request: CanonicalRequest): Promise<void>
  remove(keys: Iterable<string>): Promise<void>
  all(): Promise<Map<string, Entry>>
}

export function createPins(lockfile: Lockfile): Pins {
  let seen: { state: string; models: Promise<Map<string, Entry>> } | undefined
  let asking: Promise<string> | undefined

  async function all(): Promise<Map<string, Entry>> {
    asking ??= stateOf(lockfile.file).finally(() => (asking = undefined))
    const state = await asking
    if (seen?.state === state) return seen.models
    const reading = { state, models: lockfile.read() }
    seen = reading
    // The next import asks the disk again: the file may not change when it can be read.
    reading.models.catch(() => seen === reading && (seen = undefined))
    return reading.models
  }

  let waiting = new Map<string, CanonicalRequest>()
  let adding: Promise<void> | undefined

  async function addAll(): Promise<void> {
    while (waiting.size > 0) {
      const requests = waiting
      waiting = new Map()
      await write(() => lockfile.addPictures(requests))
    }
  }

  async function write<T>(change: () => Promise<T>): Promise<T> {
    const result = await change()
    // Two writes within one tick of the file system's clock look alike.
    seen = undefined
    return result
  }

  return {
    all,
    get: async (key) => (await all()).get(key),
    put: (entry, options) => write(() => lockfile.put(entry, options)),
    addPictures: (key, request) => {
      waiting.set(key, request)
      adding ??= addAll().finally(() => (adding = undefined))
      return adding
    },
    remove: (keys) => write(() => lockfile.remove(keys)),
  }
}

async function stateOf(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true })
    return `${size} ${mtimeNs} ${ino}`
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return 'none'
    throw error
  }
}
