import { stat } from 'node:fs/promises'
import type { Entry } from '../store/entry.ts'
import type { Lockfile } from '../store/lockfile.ts'
import { hasErrno } from '../system/errno.ts'

/** The lockfile as a run asks it: parsed again only when the file changed, so that 500 imports read it once. */
export interface Pins {
  get(key: string): Promise<Entry | undefined>
  /** Pins a model; returns what is pinned now. */
  put(entry: Entry): Promise<Entry>
  all(): Promise<Map<string, Entry>>
}

export function createPins(lockfile: Lockfile): Pins {
  let seen: { state: string; models: Promise<Map<string, Entry>> } | undefined

  async function all(): Promise<Map<string, Entry>> {
    const state = await stateOf(lockfile.file)
    if (seen?.state !== state) seen = { state, models: lockfile.read() }
    return seen.models
  }

  return {
    all,
    get: async (key) => (await all()).get(key),
    put: async (entry) => {
      const pinned = await lockfile.put(entry)
      // Two writes within one tick of the file system's clock look alike.
      seen = undefined
      return pinned
    },
  }
}

async function stateOf(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true })
    return `${size} ${mtimeNs} ${ino}`
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'none'
    throw error
  }
}
