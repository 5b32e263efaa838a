import { randomFillSync } from 'node:crypto'

/**
 * A maker for the emulator whose models are valid, have a given size, and cannot be compressed: one triangle, and
 * random bytes in place of a texture.
 *
 * @param {number} bytes
 */
export function createSizedMaker(bytes) {
  return {
    plan: async () => ({ assets: { glb: 'model.glb' } }),
    make: async () => sizedModel(bytes),
  }
}

/** A maker for the emulator whose models are all the same. */
export function createFileMaker(glb) {
  return { plan: async () => ({ assets: { glb: 'model.glb' } }), make: async () => glb }
}

export function sizedModel(bytes) {
  const json = paddedJson()
  const glb = Buffer.alloc(bytes - (bytes % 4))
  const binStart = 20 + json.length
  glb.write('glTF', 0)
  glb.writeUInt32LE(2, 4)
  glb.writeUInt32LE(glb.length, 8)
  glb.writeUInt32LE(json.length, 12)
  glb.write('JSON', 16)
  json.copy(glb, 20)
  const binLength = glb.length - binStart - 8
  glb.writeUInt32LE(binLength, binStart)
  glb.write('BIN\0', binStart + 4)
  const triangle = [0, 0, 0, 1, 0, 0, 0, 1, 0]
  triangle.forEach((value, i) => glb.writeFloatLE(value, binStart + 8 + 4 * i))
  randomFillSync(glb, binStart + 8 + 36)
  return glb
}

function paddedJson() {
  const document = {
    asset: { version: '2.0' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: 3, type: 'VEC3', min: [0, 0, 0], max: [1, 1, 0] },
    ],
    bufferViews: [{ buffer: 0, byteLength: 36 }],
    buffers: [{ byteLength: 36 }],
  }
  const text = JSON.stringify(document)
  return Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4))
}
