import { readAccessor } from '../glb/accessor.ts'
import { readGlb } from '../glb/read.ts'
import type { AssetRole } from './model-maker.ts'
import { storeZip } from './store-zip.ts'

/** A model as printers take it, where a role means that: shape alone, without material. */
export function solidOf(glb: Uint8Array, role: AssetRole): Uint8Array | undefined {
  if (role === 'stl') return toStl(meshOf(glb))
  return role === '3mf' ? to3mf(meshOf(glb)) : undefined
}

interface Mesh {
  /** x, y, z of each vertex, one after the other. */
  positions: number[]
  /** Three vertices for each triangle. */
  corners: number[]
}

function meshOf(bytes: Uint8Array): Mesh {
  const glb = readGlb(bytes)
  const mesh: Mesh = { positions: [], corners: [] }
  for (const { attributes, indices = -1 } of glb.json.meshes?.[0]?.primitives ?? []) {
    const first = mesh.positions.length / 3
    for (const corner of readAccessor(glb, indices)) mesh.corners.push(first + corner)
    for (const number of readAccessor(glb, attributes.POSITION ?? -1)) mesh.positions.push(number)
  }
  return mesh
}

const HEADER = 84
const TRIANGLE = 50

/** Binary STL. Its normals are zero, which means: as the corners turn. */
function toStl({ positions, corners }: Mesh): Buffer {
  const stl = Buffer.alloc(HEADER + (corners.length / 3) * TRIANGLE)
  stl.write('binary STL of an emulator', 'latin1')
  stl.writeUInt32LE(corners.length / 3, HEADER - 4)
  corners.forEach((corner, index) => {
    const at = HEADER + Math.floor(index / 3) * TRIANGLE + 12 + (index % 3) * 12
    for (const axis of [0, 1, 2]) stl.writeFloatLE(positions[corner * 3 + axis] ?? 0, at + axis * 4)
  })
  return stl
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** The three parts that every 3MF has (3MF Core Specification, chapters 2 to 4). */
function to3mf(mesh: Mesh): Uint8Array {
  return storeZip({
    '[Content_Types].xml':
      `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>',
    '_rels/.rels':
      `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
      '<Relationship Target="/3D/3dmodel.model" Id="rel0" ' +
      'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>',
    '3D/3dmodel.model': modelPart(mesh),
  })
}

function modelPart({ positions, corners }: Mesh): string {
  const vertices = triples(positions).map(([x, y, z]) => `<vertex x="${x}" y="${y}" z="${z}"/>`)
  const triangles = triples(corners).map(([a, b, c]) => `<triangle v1="${a}" v2="${b}" v3="${c}"/>`)
  return (
    `${XML}<model unit="meter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">` +
    `<resources><object id="1" type="model"><mesh><vertices>${vertices.join('')}</vertices>` +
    `<triangles>${triangles.join('')}</triangles></mesh></object></resources>` +
    '<build><item objectid="1"/></build></model>'
  )
}

function triples(numbers: readonly number[]): number[][] {
  return Array.from({ length: numbers.length / 3 }, (_, index) => numbers.slice(index * 3, index * 3 + 3))
}
