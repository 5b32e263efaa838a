import { flatten, prune } from '@gltf-transform/functions'
import type { Document } from '@gltf-transform/core'
import { describe, expect, it } from 'vitest'
import { deriveModel, STEPS } from '../../src/derive/derive-model.ts'
import { moved } from '../../src/derive/compare/snapshot.ts'
import type { Step } from '../../src/derive/steps/step.ts'
import { failureOf } from '../support/run.ts'
import { propSample, riggedSample } from './support/sample.ts'

/** A step that does this to every model. */
const step = (name: string, change: (document: Document) => void, more: Partial<Step> = {}): Step => ({
  name,
  isAsked: () => true,
  apply: async ({ document }) => change(document),
  ...more,
})

const scales = step('scales', (document) => {
  for (const node of document.getRoot().listScenes()[0]?.listChildren() ?? [])
    node.setScale([0.02, 0.02, 0.02])
})
const flattens = step('flattens', (document) => {
  for (const mesh of document.getRoot().listMeshes()) {
    const positions = mesh.listPrimitives()[0]?.getAttribute('POSITION')
    const values = new Float32Array(positions?.getArray() ?? [])
    positions?.setArray(values.map((value, i) => (i % 3 === 2 ? 0 : value)))
  }
})
const dropsClip = step('drops-clip', (document) => document.getRoot().listAnimations()[0]?.dispose())
const dropsChannel = step('drops-channel', (document) =>
  document.getRoot().listAnimations()[0]?.listChannels()[0]?.dispose(),
)
const dropsSkin = step('drops-skin', (document) => {
  for (const node of document.getRoot().listNodes()) node.setSkin(null)
})
const dropsSocket = step('drops-socket', (document) => find(document, 'hand_socket')?.dispose())
const movesSocket = step('moves-socket', (document) =>
  find(document, 'hand_socket')?.setTranslation([0, 90, 0]),
)
const dropsExtras = step('drops-extras', (document) => find(document, 'hand_socket')?.setExtras({}))
const dropsUvs = step('drops-uvs', (document) => {
  for (const mesh of document.getRoot().listMeshes())
    mesh.listPrimitives()[0]?.setAttribute('TEXCOORD_0', null)
})
const dropsTriangles = step('drops-triangles', (document) => {
  const indices = document.getRoot().listMeshes()[0]?.listPrimitives()[0]?.getIndices()
  indices?.setArray(indices.getArray()?.slice(0, 900) ?? null)
})
const losesNumbers = step('loses-numbers', (document) => {
  const positions = document.getRoot().listMeshes()[0]?.listPrimitives()[0]?.getAttribute('POSITION')
  positions?.setElement(7, [Number.NaN, 0, 0])
})

const derive = (source: Uint8Array, steps: readonly Step[]) =>
  deriveModel(source, { plan: {}, extras: {} }, steps)

describe('a step that leaves another model', () => {
  it.each([
    [scales, /its bounding box is 4 × 4 × .*, expected 2 × 2 × /],
    [flattens, /its bounding box is 2 × 2 × 0 from .*, expected 2 × 2 × 0\.\d+ from/],
    [dropsClip, /the first is: clip `turn`/],
    [dropsChannel, /the first is: clip `turn`: rotation of `Hips`/],
    [dropsSkin, /its bounding box is/],
    [dropsSocket, /the first is: (?:extras of the )?node `hand_socket`/],
    [movesSocket, /the node `hand_socket` is at \(0, 0\.9, 0\), expected \(0, 0\.5, 0\)/],
    [dropsExtras, /the first is: extras of the node `hand_socket` \({"attach":"sword"}\)/],
    [dropsUvs, /the first is: TEXCOORD_0 of `Body`/],
    [dropsTriangles, /it has 300 triangles, expected 1152/],
  ])('is refused by name: %o', async (wrong, fault) => {
    const failure = await failureOf(derive(await riggedSample().write(), [wrong]))

    expect(failure).toMatchObject({ code: 'MESHY_DERIVE_WRONG', details: { step: wrong.name } })
    expect(failure.message).toMatch(fault)
  })

  it('is refused when its positions are no numbers', async () => {
    const failure = await failureOf(derive(await riggedSample().write(), [losesNumbers]))

    expect(failure.message).toContain('not a finite number')
  })

  it('is refused among steps of ours that are right', async () => {
    const failure = await failureOf(
      deriveModel(await riggedSample().write(), { plan: { optimize: true }, extras: {} }, [
        ...STEPS,
        dropsClip,
      ]),
    )

    expect(failure).toMatchObject({ code: 'MESHY_DERIVE_WRONG', details: { step: 'drops-clip' } })
  })

  it('passes when it says what it changes on purpose', async () => {
    const grows = { ...scales, apply: async (work: Parameters<Step['apply']>[0]) => {
      await scales.apply(work)
      return moved(work.before, 2, [0, 0, 0])
    } } // prettier-ignore

    const { facts } = await derive(await riggedSample().write(), [grows])

    expect(facts.triangles).toBe(1152)
  })

  it('is refused when it takes out nodes that are named, as some functions of the library do', async () => {
    const tidies: Step = {
      name: 'tidies',
      isAsked: () => true,
      apply: async ({ document }) => void (await document.transform(flatten(), prune())),
    }

    const failure = await failureOf(derive(await propSample().write(), [tidies]))

    expect(failure).toMatchObject({ code: 'MESHY_DERIVE_WRONG', details: { step: 'tidies' } })
  })
})

function find(document: Document, name: string) {
  return document
    .getRoot()
    .listNodes()
    .find((node) => node.getName() === name)
}
