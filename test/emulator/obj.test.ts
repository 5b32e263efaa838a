import { OBJLoader } from 'three/addons/loaders/OBJLoader.js'
import { Box3, Mesh } from 'three'
import { describe, expect, it } from 'vitest'
import { makeCard } from '../../src/stand-in/card.ts'
import { glbToObj } from '../../src/emulator/obj.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { assembleGlb, codeOf } from '../glb/fixtures.ts'
import { makePng } from '../glb/pictures.ts'

const names = { mtl: 'model.mtl', texture: 'texture_0.png' }

describe('glbToObj', () => {
  it.each([
    ['opaque', false, 1],
    ['transparent', true, 2],
  ])('tells the same model as the GLB of an %s card', (_, alpha, materials) => {
    const glb = makeCard({ image: makePng(4, 2, { alpha }), name: 'card' })
    const facts = inspectGlb(glb)

    const { obj, mtl } = glbToObj(glb, names)
    const group = new OBJLoader().parse(obj)
    const [mesh] = group.children

    if (!(mesh instanceof Mesh)) throw new TypeError('Expected one mesh')
    expect(mesh.geometry.attributes.position.count / 3).toBe(facts.triangles)
    const box = new Box3().setFromObject(group)
    expect(box.min.toArray().map((value) => Number(value.toFixed(5)))).toEqual(
      facts.bounds.min.map((value) => Number(value.toFixed(5))),
    )
    expect(mtl.match(/^newmtl material_\d$/gm)).toHaveLength(materials)
    expect(mtl.match(/^map_Kd texture_0.png$/gm)).toHaveLength(1)
  })

  it('turns the picture right way up', () => {
    const { obj } = glbToObj(makeCard({ image: makePng(2, 2), name: 'card' }), names)
    const top = obj.match(/^v -0.95 0.95 0.03$/m)

    expect(top).not.toBeNull()
    // The first corner of the front is its lower left, where a picture begins in OBJ.
    expect(obj.match(/^vt .*$/m)?.[0]).toBe('vt 0 0')
  })

  it('refuses what it cannot read', () => {
    const glb = assembleGlb({
      asset: { version: '2.0' },
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    })

    expect(codeOf(() => glbToObj(glb, names)).code).toBe('MESHY_GLB_INVALID')
  })
})
