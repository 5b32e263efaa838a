import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { DerivationPlan } from '../../src/finding/steps.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { heavyModel } from './models.ts'
import { comparePictures, openViewer, type Viewer } from './viewer.ts'

let raw: Buffer
let viewer: Viewer
let before: Buffer

beforeAll(async () => {
  raw = await heavyModel('teapot')
  viewer = await openViewer()
  before = await viewer.draw(raw)
})

afterAll(() => viewer?.close())

const derived = new Map<string, ReturnType<typeof deriveModel>>()

/** Derives it once for each plan. */
function derive(plan: DerivationPlan): ReturnType<typeof deriveModel> {
  const name = JSON.stringify(plan)
  const known = derived.get(name) ?? deriveModel(raw, { plan, extras: {} })
  derived.set(name, known)
  return known
}

describe('a model of 30,000 triangles with maps of 2048 pixels', { timeout: 120_000 }, () => {
  it('has at most a quarter of its bytes after `optimize`, all of its triangles, and no fault', async () => {
    const { glb, facts } = await derive({ optimize: true })

    expect(glb.length / raw.length).toBeLessThan(0.25)
    expect(facts).toMatchObject({ triangles: 30_000, textures: 3, materials: 1 })
    expect(facts.bounds.size.map((side) => side.toFixed(3))).toEqual(
      inspectGlb(raw).bounds.size.map((side) => side.toFixed(3)),
    )
    const { errors, messages } = await validateGlb(glb)
    expect(errors).toBe(0)
    // The validator knows neither meshopt nor its quantized values, and the model came without tangents.
    expect(messages.filter(({ severity }) => severity < 2).map(({ code }) => code)).toEqual(
      (await validateGlb(raw)).messages.filter(({ severity }) => severity < 2).map(({ code }) => code),
    )
  })

  // In steps of 255: the mean over the model, and the share of its pixels that differ by more than 32.
  it.each<[string, DerivationPlan, { mean: number; odd: number }]>([
    ['optimize', { optimize: true }, { mean: 1, odd: 0.002 }],
    ['optimize and simplify=5000', { optimize: true, simplify: 5000 }, { mean: 2, odd: 0.02 }],
    ['compress=draco', { compress: 'draco' }, { mean: 1, odd: 0.002 }],
    ['texture-size=1024', { textureSize: 1024 }, { mean: 1, odd: 0.002 }],
  ])('looks the same in a browser after %s', async (_, plan, limit) => {
    const { mean, odd, covered } = await comparePictures(before, await viewer.draw((await derive(plan)).glb))

    expect(covered).toBeGreaterThan(0.2)
    expect(mean).toBeLessThan(limit.mean)
    expect(odd).toBeLessThan(limit.odd)
  })

  it.each([20_000, 5000, 500])('has %i triangles when asked for them', async (simplify) => {
    const { facts, glb } = await derive({ simplify })

    expect(facts.triangles).toBeLessThanOrEqual(simplify)
    expect(facts.triangles).toBeGreaterThan(simplify * 0.95)
    expect((await validateGlb(glb)).errors).toBe(0)
  })

  it('is not the picture of another model', async () => {
    const other = await heavyModel('pig', { triangles: 5000, pixels: 256 })

    const { mean } = await comparePictures(before, await viewer.draw(other))

    expect(mean).toBeGreaterThan(10)
  })
})
