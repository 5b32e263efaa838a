import type { Document, Primitive } from '@gltf-transform/core'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { openIo, riggedSample, Sample } from './support/sample.ts'

function partsOf(document: Document): Primitive[] {
  return document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
}

describe('two parts that have the same joints and other weights', () => {
  it('both stay where they are with Draco', async () => {
    const sample = riggedSample()
    const { document } = sample
    const [soft] = partsOf(document)
    const count = soft?.getAttribute('POSITION')?.getCount() ?? 0
    const first = new Float32Array(count * 4).map((_, i) => Number(i % 4 === 0))
    const stiff = soft?.clone().setAttribute('WEIGHTS_0', sample.accessor('VEC4', first))
    const [mesh] = document.getRoot().listMeshes()
    if (soft && stiff) mesh?.removePrimitive(soft).addPrimitive(stiff).addPrimitive(soft)
    const [, hand] = document.getRoot().listSkins()[0]?.listJoints() ?? []
    hand?.setTranslation([0, 300, 0])
    const source = await sample.write()

    const { facts } = await deriveModel(source, { plan: { compress: 'draco' }, extras: {} })

    expect(facts.bounds.size[1]).toBeCloseTo(inspectGlb(source).bounds.size[1], 2)
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
