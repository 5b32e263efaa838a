import { AnimationMixer, Box3, Vector3, type Object3D } from 'three'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { DerivationPlan } from '../../src/finding/steps.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { flatModel, instanced, POSED, rig, twoScenes } from '../glb/posed-models.ts'
import { boundsByThree, loadWithThree } from '../glb/three-bounds.ts'

const derive = async (source: Uint8Array, plan: DerivationPlan) =>
  deriveModel(Uint8Array.from(source), { plan, extras: {} })

describe('height and origin', () => {
  it.each(Object.entries(POSED))('stand %s on the ground, as high as is said', async (_, make) => {
    const source = await make()

    const { glb, facts } = await derive(source, { height: 1.8, origin: 'bottom' })

    const { min, max } = await boundsByThree(glb)
    expect(min[1]).toBeCloseTo(0, 4)
    expect(max[1]).toBeCloseTo(1.8, 4)
    for (const axis of [0, 2]) expect((min[axis] ?? NaN) + (max[axis] ?? NaN)).toBeCloseTo(0, 3)
    const before = inspectGlb(source).bounds.size
    expect(facts.bounds.size[0] / facts.bounds.size[1]).toBeCloseTo(before[0] / before[1], 3)
    expect(facts).toEqual(inspectGlb(glb))
    expect((await validateGlb(glb)).errors).toBe((await validateGlb(source)).errors)
  })

  it.each(['meshopt', 'draco'] as const)('are told right where %s packs a rig', async (compress) => {
    const source = await rig()
    const placed = { height: 1.8, origin: 'bottom' } as const

    const [plain, packed] = [await derive(source, placed), await derive(source, { ...placed, compress })]

    for (const axis of [0, 1, 2] as const) {
      expect(Math.abs(packed.facts.bounds.min[axis] - plain.facts.bounds.min[axis])).toBeLessThan(0.002)
      expect(Math.abs(packed.facts.bounds.max[axis] - plain.facts.bounds.max[axis])).toBeLessThan(0.002)
    }
    expect(packed.facts).toMatchObject({ triangles: plain.facts.triangles, animations: 1 })
  })

  it('hold for every instance', async () => {
    const { facts } = await derive(await instanced(3), { height: 1.8, origin: 'bottom' })

    expect(facts.bounds.min[1]).toBeCloseTo(0, 5)
    expect(facts.bounds.size[1]).toBeCloseTo(1.8, 5)
  })

  it('put the middle of a model to the origin', async () => {
    const { facts } = await derive(await POSED['turned parents'](), { origin: 'center' })

    for (const axis of [0, 1, 2] as const) {
      expect(facts.bounds.min[axis]).toBeCloseTo(-facts.bounds.max[axis], 4)
    }
  })

  it('leave a model where it is when only its height is said', async () => {
    const source = await POSED['turned parents']()
    const before = inspectGlb(source).bounds

    const { facts } = await derive(source, { height: before.size[1] * 10 })

    facts.bounds.min.forEach((value, axis) => expect(value / 10).toBeCloseTo(before.min[axis] ?? NaN, 4))
  })

  it('play every clip as before, and take along what hangs on a joint', async () => {
    const source = await rig()
    const { glb } = await derive(source, { height: 1.8, origin: 'bottom' })
    const factor = 1.8 / inspectGlb(source).bounds.size[1]
    const [before, after] = [await loadWithThree(source), await loadWithThree(glb)]
    const shift = placeOf(after.scene, 'Hips').sub(placeOf(before.scene, 'Hips').multiplyScalar(factor))

    for (const seconds of [0, 0.3, 0.7, 1]) {
      pose(before, seconds)
      pose(after, seconds)

      const expected = placeOf(before.scene, 'tip').multiplyScalar(factor).add(shift)
      expect(placeOf(after.scene, 'tip').distanceTo(expected)).toBeLessThan(1e-4)
      const sizes = [before, after].map(({ scene }) =>
        new Box3().setFromObject(scene, true).getSize(new Vector3()),
      )
      expect(sizes[1]?.distanceTo(sizes[0]?.multiplyScalar(factor) ?? new Vector3())).toBeLessThan(1e-4)
    }
    expect(after.animations.map(({ name, tracks }) => [name, tracks.map((track) => track.name)])).toEqual(
      before.animations.map(({ name, tracks }) => [name, tracks.map((track) => track.name)]),
    )
  })

  it('keep what other scenes show', async () => {
    const { glb } = await derive(await twoScenes(), { height: 3 })

    expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
    expect(inspectGlb(glb).bounds.size[1]).toBeCloseTo(3, 4)
    const { scenes } = await loadWithThree(glb)
    const names = scenes.map((scene) => namesIn(scene).toSorted())
    expect(names).toEqual([
      ['both', 'first'],
      ['both', 'second'],
    ])
  })

  it('say that a flat model has no height', async () => {
    const failure = derive(await flatModel(), { height: 2 })

    await expect(failure).rejects.toMatchObject({ code: 'MESHY_DERIVE_FAILED' })
  })
})

function pose({ scene, animations }: Awaited<ReturnType<typeof loadWithThree>>, seconds: number): void {
  const mixer = new AnimationMixer(scene)
  for (const clip of animations) mixer.clipAction(clip).play()
  mixer.setTime(seconds)
  scene.updateMatrixWorld(true)
}

function placeOf(scene: Object3D, name: string): Vector3 {
  return scene.getObjectByName(name)?.getWorldPosition(new Vector3()) ?? expect.fail(`No ${name}`)
}

function namesIn(scene: Object3D): string[] {
  const names: string[] = []
  scene.traverse(({ name }) => (name ? names.push(name) : 0))
  return names
}
