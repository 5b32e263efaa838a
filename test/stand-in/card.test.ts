import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeCard } from '../../src/stand-in/card.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { readGlb } from '../../src/glb/read.ts'
import { codeOf, validateGlb } from '../glb/fixtures.ts'
import { makeJpeg, makePng } from '../glb/pictures.ts'

describe('makeCard', () => {
  it('has the proportions of the picture, longest side 1.9, around the origin', () => {
    const { bounds } = inspectGlb(makeCard({ image: makePng(200, 100), name: 'wide' }))

    expect(bounds.size[0]).toBeCloseTo(1.9, 5)
    expect(bounds.size[1]).toBeCloseTo(0.95, 5)
    for (const axis of [0, 1, 2] as const) expect(bounds.min[axis]).toBeCloseTo(-bounds.max[axis], 5)
  })

  it.each(['jpeg', 'png'] as const)('is as high as a %s that viewers turn by a quarter', async (format) => {
    const turned = await sharp(await makeJpeg(8, 4))
      .toFormat(format)
      .withMetadata({ orientation: 6 })
      .toBuffer()

    for (const textured of [true, false]) {
      const { size } = inspectGlb(makeCard({ image: turned, name: 'high', textured })).bounds
      expect([size[0], size[1]]).toEqual([0.95, 1.9])
    }
  })

  it.each([
    ['an opaque PNG', () => makePng(3, 5), 12],
    ['a PNG with transparency', () => makePng(4, 4, { alpha: true }), 16],
    ['a JPEG', () => makeJpeg(8, 6), 12],
  ])('is valid and holds the very bytes of %s', async (_, makePicture, triangles) => {
    const image = await makePicture()

    const glb = makeCard({ image, name: 'card' })

    expect(await validateGlb(glb)).toMatchObject({ errors: 0, warnings: 0 })
    expect(Buffer.from(glb).includes(Buffer.from(image))).toBe(true)
    expect(inspectGlb(glb)).toMatchObject({ triangles, textures: 1 })
    expect(readGlb(glb).json.asset).toMatchObject({ extras: { standIn: true } })
  })

  it('is closed: each edge of the plate belongs to two triangles', () => {
    const { json, bin } = readGlb(makeCard({ image: makePng(2, 2), name: 'card' }))
    const [positions, , , indices] = json.bufferViews ?? []
    const slice = (view = positions) =>
      bin.slice(view?.byteOffset, (view?.byteOffset ?? 0) + (view?.byteLength ?? 0))
    const points = new Float32Array(slice(positions).buffer)
    const corners = [...new Uint16Array(slice(indices).buffer)].map((i) =>
      points.slice(i * 3, i * 3 + 3).join(),
    )

    const edges = new Map<string, number>()
    for (let i = 0; i < corners.length; i++) {
      const next = i % 3 === 2 ? i - 2 : i + 1
      const edge = `${corners[i]} → ${corners[next]}`
      edges.set(edge, (edges.get(edge) ?? 0) + 1)
    }

    expect(edges.size).toBe(36)
    for (const edge of edges.keys()) expect(edges.get(edge.split(' → ').toReversed().join(' → '))).toBe(1)
  })

  it('leaves the picture out when it is not textured', async () => {
    const glb = makeCard({ image: makePng(2, 2), name: 'card', textured: false })

    expect(inspectGlb(glb)).toMatchObject({ triangles: 12, textures: 0 })
    expect(await validateGlb(glb)).toMatchObject({ errors: 0, warnings: 0 })
  })

  it.each([
    ['no picture', Buffer.from('<svg/>')],
    ['a truncated PNG', makePng(4, 4).subarray(0, 20)],
    ['a PNG without pixels', makePng(0, 4)],
  ])('refuses %s', (_, image) => {
    expect(codeOf(() => makeCard({ image, name: 'x' })).code).toBe('MESHY_IMAGE_INVALID')
  })
})
