import type { Document, Primitive } from '@gltf-transform/core'
import type { Atlas, Mesh } from 'watlas'
import { need, type Tools } from '../libraries.ts'
import { spread } from '../simplify/flat.ts'
import type { Sheet } from './sheets.ts'

/** A piece ends at least so many texels before the next one, for each thousand that a side has. */
const PADDING = 4

/** Lays the triangles of a sheet's primitives out anew, so that none lies on another. */
export async function layOut(document: Document, sheet: Sheet, side: number, tools: Tools): Promise<void> {
  const watlas = need(tools, 'watlas')
  const atlas = new watlas.Atlas()
  try {
    for (const part of sheet.parts) addMesh(atlas, part)
    const padding = Math.max(2, Math.round((PADDING * side) / 1000))
    atlas.generate({}, { padding, resolution: side, bilinear: true })
    sheet.parts.forEach(({ primitive }, i) =>
      writeMesh(document, primitive, { atlas, mesh: atlas.getMesh(i) }),
    )
  } finally {
    atlas.delete()
  }
}

function addMesh(atlas: Atlas, { primitive, scale }: Sheet['parts'][number]): void {
  const positions = primitive.getAttribute('POSITION')
  const count = positions?.getCount() ?? 0
  const values = new Float32Array(count * 3)
  for (let i = 0; i < count; i++) {
    values.set(positions?.getElement(i, []).map((value) => value * scale) ?? [], i * 3)
  }
  const indices = primitive.getIndices()?.getArray()
  atlas.addMesh({
    vertexCount: count,
    vertexPositionData: values,
    vertexPositionStride: 12,
    indexData: Uint32Array.from(indices ?? []),
    indexCount: indices?.length ?? 0,
  })
}

/** Vertices at the edge of a piece are there once for each. */
function writeMesh(
  document: Document,
  primitive: Primitive,
  { atlas, mesh }: { atlas: Atlas; mesh: Mesh },
): void {
  const vertices = Array.from({ length: mesh.vertexCount }, (_, i) => mesh.getVertex(i))
  const like = vertices.map(({ xref }) => xref)
  for (const owner of [primitive, ...primitive.listTargets()]) {
    for (const semantic of owner.listSemantics()) {
      const source = owner.getAttribute(semantic)
      if (source) owner.setAttribute(semantic, spread(source, like))
    }
  }
  const places = vertices.flatMap(({ uv: [u, v] }) => [u / atlas.width, v / atlas.height])
  const indices = new Uint32Array(mesh.indexCount)
  mesh.getIndexArray(indices)
  const buffer = primitive.getAttribute('POSITION')?.getBuffer() ?? null
  const accessor = () => document.createAccessor().setBuffer(buffer)
  primitive.setAttribute('TEXCOORD_0', accessor().setType('VEC2').setArray(new Float32Array(places)))
  primitive.setIndices(accessor().setType('SCALAR').setArray(indices))
}
