import type { Document, Primitive } from '@gltf-transform/core'
import { describe, expect, it } from 'vitest'
import { restPositions } from '../../src/derive/compare/rest-pose.ts'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { openIo, riggedSample, Sample } from './support/sample.ts'

function partsOf(document: Document): Primitive[] {
  return document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
}

/** A hand that is far from the hips, and two parts: one that is stiff, and one between both. */
async function twoParts(shared: 'JOINTS_0' | 'WEIGHTS_0'): Promise<Uint8Array> {
  const sample = riggedSample()
  const { document } = sample
  const [soft] = partsOf(document)
  const count = soft?.getAttribute('POSITION')?.getCount() ?? 0
  const spread = (values: number[]) => new Float32Array(count * 4).map((_, i) => values[i % 4] ?? 0)
  const other = shared === 'JOINTS_0' ? 'WEIGHTS_0' : 'JOINTS_0'
  const values = shared === 'JOINTS_0' ? spread([1, 0, 0, 0]) : new Uint8Array(spread([1, 0, 0, 0]))
  const stiff = soft?.clone().setAttribute(other, sample.accessor('VEC4', values))
  soft?.setAttribute('WEIGHTS_0', sample.accessor('VEC4', spread([0.3, 0.7, 0, 0])))
  if (shared === 'WEIGHTS_0') stiff?.setAttribute(shared, soft?.getAttribute(shared) ?? null)
  const [mesh] = document.getRoot().listMeshes()
  if (soft && stiff) mesh?.removePrimitive(soft).addPrimitive(stiff).addPrimitive(soft)
  const [, hand] = document.getRoot().listSkins()[0]?.listJoints() ?? []
  hand?.setTranslation([0, 300, 0])
  return sample.write()
}

const SHARED = (['JOINTS_0', 'WEIGHTS_0'] as const).flatMap((shared) =>
  (['draco', 'meshopt'] as const).map((compress) => ({ shared, compress })),
)

describe.each(SHARED)('two parts that share $shared', ({ shared, compress }) => {
  it(`both stay where they are with ${compress}`, async () => {
    const source = await twoParts(shared)

    const { glb } = await deriveModel(source, { plan: { compress }, extras: {} })

    const heights = async (bytes: Uint8Array) => {
      const document = await (await openIo()).readBinary(bytes)
      const body = document
        .getRoot()
        .listNodes()
        .find((node) => node.getMesh())
      return partsOf(document).map((part) =>
        Math.max(...(body ? restPositions(body, part) : []).map(([, y]) => y)).toFixed(1),
      )
    }
    expect(await heights(glb)).toEqual(await heights(source))
  })
})

describe('triangles and other parts that have the same indices', () => {
  const [LINES, TRIANGLE_STRIP] = [1, 5] as const
  it.each([LINES, TRIANGLE_STRIP])('are each drawn in their order with meshopt (mode %i)', async (mode) => {
    const sample = new Sample()
    const surface = sample.primitive()
    const indices = surface.getIndices()
    const ids = sample.accessor(
      'SCALAR',
      Float32Array.from({ length: 625 }, (_, i) => i),
    )
    const other = surface.clone().setMode(mode).setAttribute('_ID', ids)
    sample.node('Both', surface).getMesh()?.addPrimitive(other)

    const { glb } = await deriveModel(await sample.write(), { plan: { compress: 'meshopt' }, extras: {} })

    const [, drawn] = partsOf(await (await openIo()).readBinary(glb))
    const order = Array.from<number>(drawn?.getIndices()?.getArray() ?? [])
    const found = order.map((vertex) => drawn?.getAttribute('_ID')?.getElement(vertex, [])[0])
    expect(found).toEqual(Array.from<number>(indices?.getArray() ?? []))
  })
})
