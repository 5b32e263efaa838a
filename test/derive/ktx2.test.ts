import { KHRTextureBasisu } from '@gltf-transform/extensions'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { DerivationPlan } from '../../src/finding/steps.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { ktx2 } from './support/ktx2.ts'
import { openIo, Sample } from './support/sample.ts'

const PIXELS = ktx2()

async function source() {
  const sample = new Sample()
  const { document } = sample
  document.createExtension(KHRTextureBasisu).setRequired(true)
  const texture = document.createTexture('Color').setImage(PIXELS).setMimeType('image/ktx2')
  const material = document.createMaterial('Cloth').setBaseColorTexture(texture)
  sample.node('Sheet', sample.primitive().setMaterial(material))
  return Uint8Array.from(await sample.write())
}

const PLANS: [DerivationPlan, 'told' | 'untold'][] = [
  [{ optimize: true }, 'told'],
  [{ textureSize: 16 }, 'told'],
  [{ textureFormat: 'webp' }, 'told'],
  [{ level: 0.25 }, 'told'],
  [{ simplify: 300 }, 'untold'],
  [{ simplify: 'auto' }, 'untold'],
  [{ compress: 'meshopt' }, 'untold'],
  [{ compress: 'draco' }, 'untold'],
  [{ height: 1.8 }, 'untold'],
  [{ origin: 'bottom' }, 'untold'],
  [{ optimize: true, simplify: 200, height: 2, origin: 'center', compress: 'draco' }, 'told'],
]

describe('a model with a KTX2 texture', () => {
  it.each(PLANS)('keeps it after %j, which is %s', async (plan, told) => {
    const { glb, notes, facts } = await deriveModel(await source(), { plan, extras: {} })

    const root = (await (await openIo()).readBinary(glb)).getRoot()
    const [texture] = root.listTextures()
    expect(texture?.getMimeType()).toBe('image/ktx2')
    expect(texture?.getImage()).toEqual(PIXELS)
    expect(root.listMaterials()[0]?.getBaseColorTexture()).toBe(texture)
    expect(root.listExtensionsRequired().map(({ extensionName }) => extensionName)).toContain(
      'KHR_texture_basisu',
    )
    expect(facts.textures).toBe(1)
    expect(notes.some((note) => note.includes('ktx2, which stays as it is'))).toBe(told === 'told')
    if (plan.compress === undefined && !plan.optimize) {
      expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
    }
  })
})
