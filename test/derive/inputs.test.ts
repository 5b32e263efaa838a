import type { GLTF } from '@gltf-transform/core'
import { EXTMeshGPUInstancing, KHRMaterialsClearcoat } from '@gltf-transform/extensions'
import { dequantize, draco, meshopt, quantize, unweld } from '@gltf-transform/functions'
import { MeshoptEncoder } from 'meshoptimizer'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { takeSnapshot } from '../../src/derive/compare/snapshot.ts'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
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
  Sample,
  sheet,
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

const NAMES = Object.keys(SAMPLES) as (keyof typeof SAMPLES)[]
const WAYS = Object.keys(PACKINGS)

/** A third of the directives for each model in each packing: every model meets each, and so does every packing. */
function plansFor(name: keyof typeof SAMPLES, packing: string): DerivationPlan[] {
  return PLANS.filter((_, at) => (at + NAMES.indexOf(name) + WAYS.indexOf(packing)) % 3 === 0)
}

describe.each(NAMES)('a model (%s)', (name) => {
  it.each(WAYS)('that came %s is whole and valid after directives', async (packing) => {
    const sample = SAMPLES[name]()
    await PACKINGS[packing]?.(sample)
    const source = await sample.write()
    const { snapshot: before } = await unpacked(source)

    for (const plan of plansFor(name, packing)) {
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

/** What exporters leave, and viewers take no notice of. */
const ODDITIES: Record<string, (sample: Sample) => void> = {
  'vertices that no triangle names': (sample) => {
    const { positions, normals, uvs, indices } = sheet()
    const far = { positions: [50, NaN, 0], normals: [0, 0, 1], uvs: [0, 0] }
    const odd = {
      positions: new Float32Array([...positions, ...far.positions]),
      normals: new Float32Array([...normals, ...far.normals]),
      uvs: new Float32Array([...uvs, ...far.uvs]),
      indices,
    }
    sample.node('Odd', sample.primitive(odd))
  },
  'corners that are no whole triangle': (sample) => {
    const { indices, ...rest } = sheet()
    sample.node('Odd', sample.primitive({ ...rest, indices: new Uint16Array([...indices, 0]) }))
  },
  'a primitive without positions': (sample) => {
    sample.node('Odd', sample.primitive().setAttribute('POSITION', null))
  },
  'a mesh without primitives': (sample) => {
    sample.node('Odd').setMesh(sample.document.createMesh('Odd'))
  },
  'no scene': ({ scene }) => scene.dispose(),
  'nodes of one name in several places': (sample) => {
    for (const x of [0.5, -0.5, 0.2]) sample.node('socket').setTranslation([x, 0, 0])
  },
  'nodes that are scaled to nothing, or to a plane': (sample) => {
    sample.node('Hidden', sample.primitive()).setScale([0, 0, 0])
    sample.node('Shadow', sample.primitive()).setScale([1, 1, 0])
    for (const scale of [0, 0, 1]) sample.node('', sample.primitive()).setScale([scale, scale, 1])
  },
  'an instance that is scaled to nothing': (sample) => {
    const { document } = sample
    const batch = document.createExtension(EXTMeshGPUInstancing).setRequired(true).createInstancedMesh()
    const turns = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1])
    batch.setAttribute('ROTATION', sample.accessor('VEC4', turns))
    batch.setAttribute('SCALE', sample.accessor('VEC3', new Float32Array([1, 1, 1, 0, 0, 0])))
    sample.node('Fence', sample.primitive()).setExtension('EXT_mesh_gpu_instancing', batch)
  },
  'meshes without a size': (sample) => {
    const { positions, ...rest } = sheet(2)
    sample.node('Dot', sample.primitive({ ...rest, positions: positions.fill(0.5) }))
    const point = sample.accessor('VEC3', new Float32Array([0.5, 0, 0]))
    sample.node('Point', sample.document.createPrimitive().setMode(0).setAttribute('POSITION', point))
  },
  'a clip of a node without a name, below one with a name': (sample) => {
    const mesh = sample.document.createMesh('Fan').addPrimitive(sample.primitive())
    const fan = sample.document.createNode().setMesh(mesh)
    sample.node('Tower').addChild(fan)
    sample.clip('spin', fan)
  },
  'two materials that are alike, with extras': (sample) => {
    for (const x of [0.1, 0.2]) {
      const oak = sample.document.createMaterial('Oak').setExtras({ sound: 'knock' })
      sample.node(`Plank ${x}`, sample.primitive().setMaterial(oak))
    }
  },
  'extras of a material that nothing has': ({ document }) => {
    document.createMaterial('spare').setExtras({ price: 3 })
  },
  'a node with children and weights of its own': (sample) => {
    const offsets = new Float32Array(625 * 3).map((_, i) => (i % 3 === 2 ? 3 : 0))
    const target = sample.document
      .createPrimitiveTarget()
      .setAttribute('POSITION', sample.accessor('VEC3', offsets))
    const face = sample.node('Face', sample.primitive().addTarget(target)).setWeights([0.5])
    face.addChild(sample.document.createNode('nose'))
  },
}

describe.each(Object.keys(ODDITIES))('a model with %s', (oddity) => {
  it('is derived as what it shows', async () => {
    const sample = new Sample()
    sample.node('Sheet', sample.primitive())
    ODDITIES[oddity]?.(sample)
    const source = await sample.write()

    const plans = PLANS.filter(({ textureSize, simplify }) => textureSize === undefined || simplify)
    for (const plan of [...plans, { height: 1.8, optimize: true }]) {
      const { glb, facts } = await deriveModel(source, { plan, extras: {} })

      const { snapshot, plain } = await unpacked(glb)
      const told = JSON.stringify(plan)
      expect(await validateGlb(plain), told).toMatchObject({ errors: 0 })
      expect(snapshot.bounds.size[0], told).toBeCloseTo(plan.height ?? 2, 2)
      expect(facts.bounds.size[0], told).toBeCloseTo(plan.height ?? 2, 2)
      expect(snapshot.names, told).toContain('node `Sheet`')
    }
  })
})

const FLAT = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1]

/** How files say something that glTF-Transform would read in another way than viewers. */
const WORDINGS: Record<string, (json: GLTF.IGLTF) => void> = {
  'a stride of 0': ({ bufferViews = [] }) => bufferViews.forEach((view) => (view.byteStride = 0)),
  'a second buffer, in its JSON': ({ buffers }) =>
    buffers?.push({ byteLength: 3, uri: 'data:application/octet-stream;base64,AAAA' }),
  'a buffer without bytes': ({ buffers }) => buffers?.push({ byteLength: 0 }),
  'a matrix that scales to nothing': ({ nodes = [] }) =>
    Object.assign(nodes[1] ?? {}, { matrix: [...FLAT].fill(0, 0, 12) }),
  'a matrix that scales to a plane': ({ nodes = [] }) => Object.assign(nodes[1] ?? {}, { matrix: FLAT }),
  'a matrix that turns, and scales to a plane': ({ nodes = [] }) =>
    Object.assign(nodes[1] ?? {}, { matrix: [0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1] }),
}

describe.each(Object.keys(WORDINGS))('a model with %s', (wording) => {
  it.each<DerivationPlan>([{ optimize: true }, { compress: 'draco' }])(
    'keeps its shape after %j',
    async (plan) => {
      const sample = new Sample()
      sample.node('Sheet', sample.primitive())
      sample.node('Other', sample.primitive())
      const { json, resources } = await (await openIo()).binaryToJSON(await sample.write())
      WORDINGS[wording]?.(json)
      const source = assembleGlb(json, Object.values(resources)[0])

      const { facts } = await deriveModel(source, { plan, extras: {} })

      const expected = inspectGlb(source).bounds
      for (const axis of [0, 1, 2] as const) {
        expect(facts.bounds.min[axis]).toBeCloseTo(expected.min[axis], 2)
        expect(facts.bounds.max[axis]).toBeCloseTo(expected.max[axis], 2)
      }
    },
  )
})

describe('a model whose JSON chunk ends at an odd byte', () => {
  it('is derived as viewers read it', async () => {
    const source = Buffer.from(await propSample().write())
    const end = 20 + source.readUInt32LE(12)
    const odd = Buffer.concat([source.subarray(0, end), Buffer.from(' '), source.subarray(end)])
    odd.writeUInt32LE(odd.length, 8)
    odd.writeUInt32LE(end + 1 - 20, 12)

    const { facts } = await deriveModel(new Uint8Array(odd), { plan: { compress: 'meshopt' }, extras: {} })

    expect(facts.triangles).toBe(inspectGlb(odd).triangles)
  })
})

describe('a globe whose poles are nearly in one place, packed by Draco', () => {
  it('is packed once more, though its poles are now in one place', async () => {
    const { uvs, indices } = sheet(24)
    const corners = Array.from({ length: uvs.length / 2 }, (_, i) => {
      const [turn, down] = [(uvs[i * 2] ?? 0) * 2 * Math.PI, (uvs[i * 2 + 1] ?? 0) * Math.PI]
      return [Math.sin(down) * Math.cos(turn), Math.cos(down), Math.sin(down) * Math.sin(turn)]
    })
    const positions = new Float32Array(corners.flat())
    const sample = new Sample()
    sample.node('Globe', sample.primitive({ positions, normals: positions, uvs, indices }))
    await sample.document.transform(draco())

    const { facts } = await deriveModel(await sample.write(), { plan: { height: 3 }, extras: {} })

    expect(facts.bounds.size[1]).toBeCloseTo(3, 2)
  })
})

describe('a model that numbers its vertices, and whose texture repeats', () => {
  it.each([false, true])('keeps both under Draco (already compressed: %j)', async (isCompressed) => {
    const { uvs, ...rest } = sheet(80)
    const repeated = uvs.map((value) => value * 50)
    const ids = Float32Array.from({ length: uvs.length / 2 }, (_, vertex) => vertex)
    const sample = new Sample()
    const primitive = sample.primitive({ ...rest, uvs: repeated })
    sample.node('Wall', primitive.setAttribute('_ID', sample.accessor('SCALAR', ids)))
    const plain = await sample.write()
    const { glb: packed } = await deriveModel(plain, { plan: { compress: 'draco' }, extras: {} })
    const again = async () => (await deriveModel(packed, { plan: { height: 3 }, extras: {} })).glb

    const document = await (await openIo()).readBinary(isCompressed ? await again() : packed)

    const [wall] = document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
    const found = Array.from(wall?.getAttribute('_ID')?.getArray() ?? [], Math.round)
    const places = wall?.getAttribute('TEXCOORD_0')?.getArray() ?? []
    expect(new Set(found).size).toBe(ids.length)
    const offsets = found.flatMap((id, vertex) =>
      [0, 1].map((axis) => Math.abs((places[vertex * 2 + axis] ?? NaN) - (repeated[id * 2 + axis] ?? NaN))),
    )
    expect(Math.max(...offsets)).toBeLessThan(0.001)
  })
})

describe('a clip of a model in small units', () => {
  it.each(['translation', 'scale'] as const)('keeps its keys (%s) with `optimize`', async (path) => {
    const sample = new Sample()
    const { document, scene } = sample
    const node = sample.node('Flea', sample.primitive()).setScale([1e-5, 1e-5, 1e-5])
    scene.removeChild(node).addChild(document.createNode('Metres').setScale([1e5, 1e5, 1e5]).addChild(node))
    const sampler = document
      .createAnimationSampler()
      .setInput(sample.accessor('SCALAR', new Float32Array([0, 1, 2])))
      .setOutput(
        sample.accessor('VEC3', new Float32Array([1e-5, 1e-5, 1e-5, 3e-5, 3e-5, 3e-5, 1e-5, 1e-5, 1e-5])),
      )
    const channel = document
      .createAnimationChannel()
      .setTargetNode(node)
      .setTargetPath(path)
      .setSampler(sampler)
    document.createAnimation('hop').addSampler(sampler).addChannel(channel)

    const { glb } = await deriveModel(await sample.write(), { plan: { optimize: true }, extras: {} })

    const [clip] = (await (await openIo()).readBinary(glb)).getRoot().listAnimations()
    expect(clip?.listSamplers()[0]?.getInput()?.getCount()).toBe(3)
  })
})

describe('a model with triangles that have no area', () => {
  const shapes = [true, false].flatMap((isIndexed) => PLANS.map((plan) => ({ isIndexed, plan })))
  it.each(shapes)('is derived ($plan, with indices: $isIndexed)', async ({ isIndexed, plan }) => {
    const { positions, indices, ...rest } = sheet()
    const twice = Array.from(indices, (vertex, at) => [vertex, vertex, indices[at - (at % 3)] ?? 0])
    const places = positions.slice()
    for (let at = 0; at < places.length; at += 30) places.copyWithin(at, at + 3, at + 6)
    const sample = new Sample()
    const odd = { ...rest, positions: places, indices: new Uint16Array([...indices, ...twice.flat()]) }
    sample.node('Sheet', sample.primitive(odd))
    if (!isIndexed) await sample.document.transform(unweld())

    const { glb } = await deriveModel(await sample.write(), { plan, extras: {} })

    const { snapshot, plain } = await unpacked(glb)
    expect(await validateGlb(plain)).toMatchObject({ errors: 0 })
    expect(snapshot.bounds.size[0]).toBeCloseTo(2, 2)
  })
})

describe('a model on bones with triangles that no bone opens', () => {
  it('is derived with Draco, which drops them', async () => {
    const sample = riggedSample()
    const [body] = sample.document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
    for (const semantic of ['POSITION', 'WEIGHTS_0']) {
      const values = body?.getAttribute(semantic)?.getArray()
      const size = (values?.length ?? 0) / 625
      for (let at = 0; at < 300; at += 10) values?.copyWithin(at * size, (at + 1) * size, (at + 2) * size)
    }
    const source = await sample.write()

    const { facts } = await deriveModel(source, { plan: { compress: 'draco' }, extras: {} })

    expect(facts.triangles).toBeLessThan(inspectGlb(source).triangles)
    expect(facts.bounds.size[0]).toBeCloseTo(inspectGlb(source).bounds.size[0], 2)
  })
})

describe('a texture under the name of another format', () => {
  it('has the size that its bytes tell', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
    const create = { width: 256, height: 128, channels: 3, background: 'grey', noise } as const
    const jpeg = await sharp({ create }).jpeg().toBuffer()
    const sample = new Sample()
    const texture = sample.document.createTexture('Cloth').setImage(jpeg).setMimeType('image/png')
    const material = sample.document.createMaterial('Cloth').setBaseColorTexture(texture)
    sample.node('Sheet', sample.primitive().setMaterial(material))

    const { glb } = await deriveModel(await sample.write(), { plan: { textureSize: 64 }, extras: {} })

    const [after] = (await (await openIo()).readBinary(glb)).getRoot().listTextures()
    expect(after?.getMimeType()).toBe('image/jpeg')
    expect(after?.getSize()).toEqual([64, 32])
  })
})

describe('what is said of a derivation', () => {
  it('names an extension that is lost by it', async () => {
    const source = assembleGlb({
      asset: { version: '2.0' },
      extensionsUsed: ['ACME_voxels'],
      scenes: [{ nodes: [0] }],
      nodes: [{ name: 'Root' }],
    })

    const { notes } = await deriveModel(source, { plan: { optimize: true }, extras: {} })

    expect(notes).toEqual(['`ACME_voxels` is left out, because glTF-Transform does not read it'])
  })

  it('is nothing where nothing is lost, as of a texture that repeats', async () => {
    const { uvs, ...rest } = sheet()
    const sample = new Sample()
    sample.node('Wall', sample.primitive({ ...rest, uvs: uvs.map((value) => value * 8) }))

    const { notes } = await deriveModel(await sample.write(), { plan: { compress: 'meshopt' }, extras: {} })

    expect(notes).toEqual([])
  })

  it('is nothing where there is nothing to put in order, as of points', async () => {
    const source = await dottedSample().write()

    const { notes } = await deriveModel(source, { plan: { compress: 'meshopt' }, extras: {} })

    expect(notes).toEqual([])
  })
})

describe('a texture of one color that no factor can replace', () => {
  it('is no reason for a note, because nothing is lost', async () => {
    const create = { width: 8, height: 8, channels: 3, background: 'grey' } as const
    const sample = new Sample()
    const { document } = sample
    const texture = document.createTexture('Coat').setImage(await sharp({ create }).png().toBuffer())
    const coat = document.createExtension(KHRMaterialsClearcoat).createClearcoat()
    coat.setClearcoatTexture(texture.setMimeType('image/png')).setClearcoatFactor(1)
    const paint = document.createMaterial('Paint').setExtension('KHR_materials_clearcoat', coat)
    sample.node('Car', sample.primitive().setMaterial(paint))

    const { notes } = await deriveModel(await sample.write(), { plan: { optimize: true }, extras: {} })

    expect(notes).toEqual([])
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
