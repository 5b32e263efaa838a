import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createFetch } from '../../../src/system/fetch.ts'
import { systemClock } from '../../../src/system/clock.ts'
import type { BlobRef } from '../../../src/store/entry.ts'
import { createLayout } from '../../../src/store/layout.ts'
import { openStore, type Store } from '../../../src/store/open-store.ts'
import { openTeamStore } from '../../../src/store/shared/open-team-store.ts'
import { openSharedStores, type SharedStores } from '../../../src/store/shared/shared-stores.ts'
import { createHasher } from '../../../src/request/fingerprint.ts'
import { keyOf } from '../samples.ts'

export interface Places {
  /** Cache folder of a project. */
  project: string
  machine: string
  /** Of the team's store. */
  url: string
}

const hasher = await createHasher()

/** Opens a project with its stores, as a run does that generates nothing. */
export function openProject(
  { project, machine, url }: Places,
  warn: (text: string) => void = () => undefined,
): { store: Store; shared: SharedStores } {
  const address = { kind: 'http', label: url, url, basic: undefined } as const
  const teamStore = { address, writtenIn: 'environment', signingKey: undefined } as const
  const store = openStore(
    { cacheDir: project, lockfile: false, teamStore, emulated: false, mode: 'frozen' },
    hasher,
    systemClock,
  )
  const shared = openSharedStores({
    options: {
      emulated: false,
      apiKey: undefined,
      machineStore: machine,
      machineStoreLimit: 1e12,
      teamStore,
    },
    mayUpload: false,
    env: {},
    store,
    keyOf,
    clock: systemClock,
    fetch: createFetch({ env: {} }),
    openTeamStore,
    warn,
  })
  return { store, shared }
}

/** Files of a team by their SHA-256. */
export function makeFiles(count: number, bytes: number): Map<string, Buffer> {
  return new Map(
    Array.from({ length: count }, () => {
      const content = randomBytes(bytes)
      return [digestOf(content), content] as const
    }),
  )
}

export const refsOf = (files: ReadonlyMap<string, Buffer>): BlobRef[] =>
  [...files].map(([sha256, { byteLength }]) => ({ sha256, bytes: byteLength, ext: 'glb' }))

/** How many files a cache folder has under names of blobs; `wrong` are those that hold something else. */
export async function countBlobs(folder: string): Promise<{ right: number; wrong: number; left: number }> {
  const { blobs, tmp } = createLayout(folder)
  const names = (await readdir(blobs, { recursive: true })).filter((name) => name.endsWith('.glb'))
  const isRight = await Promise.all(
    names.map(async (name) => {
      const digest = digestOf(await readFile(path.join(blobs, name)))
      return path.basename(name, '.glb') === digest
    }),
  )
  const right = isRight.filter(Boolean).length
  return { right, wrong: names.length - right, left: (await readdir(tmp)).length }
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
