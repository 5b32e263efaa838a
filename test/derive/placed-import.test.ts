import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { boundsByThree } from '../glb/three-bounds.ts'

const { path: dir } = useTempDir()

describe('an import with height and origin', () => {
  it('gets a model of that height on the ground, though its file is larger, and is told its true size', async () => {
    await writePictures(dir(), 'hero.png')
    const service = await startService({ models: 'card' })
    const { load } = await openRun({ root: dir(), service })

    const raw = await load('hero.png?meshy&no-texture')
    const asset = await load('hero.png?meshy&no-texture&height=1.8&origin=bottom')

    const { bounds, bytes } = asset.metadata
    expect(bytes).toBeGreaterThan(raw.metadata.bytes)
    expect(bounds.min[1]).toBeCloseTo(0, 5)
    expect(bounds.size[1]).toBeCloseTo(1.8, 5)
    const { min, max } = await boundsByThree(await readFile(asset.files[0]?.path ?? ''))
    for (const axis of [0, 1, 2] as const) expect(min[axis]).toBeCloseTo(bounds.min[axis], 4)
    expect(max[1]).toBeCloseTo(1.8, 4)
  })
})
