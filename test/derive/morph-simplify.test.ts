import { expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { Sample } from './support/sample.ts'

it('simplifies a model as its morph targets show it at rest', async () => {
  const sample = new Sample()
  const primitive = sample.primitive()
  const offsets = Float32Array.from({ length: 625 * 3 }, (_, i) => (i % 3 === 2 ? 0.4 * Math.sin(i / 30) : 0))
  const target = sample.document
    .createPrimitiveTarget('smile')
    .setAttribute('POSITION', sample.accessor('VEC3', offsets))
  sample.node('Face', primitive.addTarget(target)).getMesh()?.setWeights([0.5])
  const source = await sample.write()

  const { facts } = await deriveModel(source, { plan: { simplify: 60 }, extras: {} })

  expect(facts.triangles).toBeLessThanOrEqual(61)
  const deep = inspectGlb(source).bounds.size[2]
  expect(Math.abs(facts.bounds.size[2] - deep) / deep).toBeLessThan(0.25)
})
