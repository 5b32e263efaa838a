import { cp } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Options } from '../../src/run/option-types.ts'
import { createDice } from '../support/dice.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const { path: dir } = useTempDir()
const IMPORT = 'hero.png?meshy&texture-size=64&lods=0.5'

describe('what is derived from a model in whose place a pull brings another one', () => {
  it('is not pinned for that one, which the build then takes', async () => {
    const service = await startService({ maker: createDice(), faults: [{ kind: 'noNames' }] })
    const pull = {
      name: 'pull',
      version: 1,
      transform: async () => {
        for (const name of ['meshy-lock.json', '.meshy/blobs']) {
          await cp(dir('theirs', name), dir('ours', name), { recursive: true })
        }
      },
    }
    const open = async (name: string, transforms: Options['transforms']) => {
      await writePictures(dir(name), 'hero.png')
      return openRun({
        root: dir(name),
        service,
        options: { emulated: false, machineStore: false, transforms },
      })
    }
    const [theirs, ours] = [await open('theirs', []), await open('ours', [pull])]
    const { key } = (await theirs.load('hero.png?meshy')).metadata

    const { metadata, lods } = await ours.load(IMPORT)

    const pin = await ours.context.ports.store.lockfile?.get(key)
    expect(service.counts.created).toBe(2)
    expect(pin?.files).toEqual((await theirs.context.ports.store.lockfile?.get(key))?.files)
    expect(metadata.derived?.from.bytes).toBe(pin?.files.glb.bytes)
    expect(Object.values(pin?.derived ?? {}).map(({ bytes }) => bytes)).toEqual(
      expect.arrayContaining([metadata.bytes, lods?.[0]?.bytes]),
    )
    expect(Object.keys(pin?.derived ?? {})).toHaveLength(2)
  })
})
