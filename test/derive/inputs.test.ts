import { dequantize, draco, meshopt, quantize } from '@gltf-transform/functions'
import { MeshoptEncoder } from 'meshoptimizer'
import { describe, expect, it } from 'vitest'
import { takeSnapshot } from '../../src/derive/compare/snapshot.ts'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { DerivationPlan } from '../../src/finding/steps.ts'
import { assembleGlb, validateGlb } from '../glb/fixtures.ts'
import { failureOf } from '../support/run.ts'
import {
  clipSample,
  dottedSample,
  instancedSample,
  openIo,
  propSample,
  riggedSample,
  type Sample,
} from './support/sample.ts'

const PLANS: DerivationPlan[] = [
  { optimize: true },
  { optimize: true, compress: 'none' },
  { compress: 'meshopt' },
  { compress: 'draco' },
  { simplify: 300 },
  { textureSize: 64 },
  { optimize: true, simplify: 300, textureSize: 64, compress: 'draco' },
]

const SAMPLES = {
  rigged: riggedSample,
  prop: propSample,
  instanced: instancedSample,
  dotted: dottedSample,
  clip: clipSample,
}

const PACKINGS: Record<string, (sample: Sample) => Promise<unknown>> = {
  plain: async () => {},
  quantized: ({ document }) => document.transform(quantize()),
  meshopt: ({ document }) => document.transform(meshopt({ encoder: MeshoptEncoder })),
  draco: ({ document }) => document.transform(draco()),
}

/** What viewers see of a file, without what packs it. */
async function unpacked(glb: Uint8Array) {
  const io = await openIo()
  const document = await io.readBinary(glb)
  const snapshot = takeSnapshot(document)
  for (const extension of document.getRoot().listExtensionsUsed()) {
    if (/compression/.test(extension.extensionName)) extension.dispose()
  }
  await document.transform(dequantize())
  return { snapshot, plain: await io.writeBinary(document) }
}

describe.each(Object.keys(SAMPLES) as (keyof typeof SAMPLES)[])('a model (%s)', (name) => {
  it.each(Object.keys(PACKINGS))('that came %s is whole and valid after every directive', async (packing) => {
    const sample = SAMPLES[name]()
    await PACKINGS[packing]?.(sample)
    const source = await sample.write()
    const { snapshot: before } = await unpacked(source)

    for (const plan of PLANS) {
      const { glb } = await deriveModel(source, { plan, extras: {} })

      const { snapshot, plain } = await unpacked(glb)
      const told = JSON.stringify(plan)
      expect(await validateGlb(plain), told).toMatchObject({ errors: 0 })
      for (const [axis, size] of before.bounds.size.entries()) {
        expect(snapshot.bounds.size[axis], told).toBeCloseTo(size, 2)
      }
      expect(snapshot.names, told).toEqual(expect.arrayContaining(before.names))
    }
  })
})

describe('a model that cannot be read', () => {
  it('is an error that names the extension which it requires', async () => {
    const source = assembleGlb({
      asset: { version: '2.0' },
      extensionsUsed: ['ACME_voxels'],
      extensionsRequired: ['ACME_voxels'],
    })

    const failure = await failureOf(deriveModel(source, { plan: { optimize: true }, extras: {} }))

    expect(failure).toMatchObject({
      code: 'MESHY_DERIVE_UNSUPPORTED',
      details: { extensions: ['ACME_voxels'] },
    })
  })
})
