import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { TeamStore } from '../../../src/store/shared/team-store.ts'
import { Uploads } from '../../../src/store/shared/uploads.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { sampleEntry } from '../samples.ts'

/** A store that takes connections and no bytes. */
const SILENT: Partial<TeamStore> = {
  canWrite: async () => true,
  keep: (_ref, _file, { signal } = {}) =>
    new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error)),
    ),
}

describe('Uploads', () => {
  const temp = useTempDir()

  it('gives every lease back where uploads are given up', async () => {
    const file = temp.path('blob.glb')
    await writeFile(file, 'glTF')
    const uploads = new Uploads({ team: SILENT as TeamStore, pathOf: () => file, clock: systemClock })
    const keys = Array.from({ length: 6 }, (_, index) => String(index).repeat(16))
    const released: string[] = []
    for (const key of keys) uploads.add({ ...sampleEntry(), key })
    for (const key of keys) uploads.after(key, async () => void released.push(key))

    // And counts models, not what waits for them.
    expect(await uploads.finish(1)).toBe(6)

    expect(released.toSorted()).toEqual(keys)
  })
})
