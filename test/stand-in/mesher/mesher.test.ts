import { describe, expect, it } from 'vitest'
import sharp from 'sharp'
import { inspectGlb } from '../../../src/glb/inspect.ts'
import { readGlb } from '../../../src/glb/read.ts'
import { makeMesh, type PreviewOptions } from '../../../src/stand-in/mesher/mesher.ts'
import { validateGlb } from '../../glb/fixtures.ts'
import { bytes, emoji, flat, landscape, scene, transparent, type Emoji } from './pictures.ts'
import { countDefects, readSurface, volumeOf } from './topology.ts'

const OPTIONS: PreviewOptions = { triangles: 5000, texture: true, pbr: false, name: 'model' }
const CLOSED = { edges: 0, degenerate: 0 }

const made = new Map<Emoji, ReturnType<typeof makeMesh>>()

/** The model of an object, made once. */
function modelOf(name: Emoji): ReturnType<typeof makeMesh> {
  const model = made.get(name) ?? emoji(name).then((picture) => makeMesh([picture], OPTIONS))
  made.set(name, model)
  return model
}

describe('makeMesh', () => {
  it.each<[string, (() => Promise<Uint8Array>) | Emoji, string]>([
    ['a cut-out', 'pig', 'alpha'],
    ['a thin cut-out', 'bicycle', 'alpha'],
    ['a face', 'face', 'alpha'],
    [
      'a graded backdrop with a shadow',
      () => scene('teddy', { backdrop: ['#f4f1ee', '#d8d4cd'], shadow: true, format: 'jpeg' }),
      'backdrop',
    ],
    ['a backdrop seen through holes', () => scene('chair', { backdrop: ['#a9c4cf', '#86a6b5'] }), 'backdrop'],
    ['a black backdrop', () => scene('teapot', { backdrop: ['#000', '#000'] }), 'backdrop'],
    ['a grey object on white', () => scene('camera', { backdrop: ['#fff', '#fff'] }), 'backdrop'],
    ['a landscape', landscape, 'slab'],
    ['one colour', () => flat(64, 40), 'slab'],
    ['one pixel', () => flat(1, 1), 'slab'],
    ['a panorama', () => flat(1000, 40), 'slab'],
    ['16 pixels', () => emoji('pig', 16), 'alpha'],
    [
      'CMYK',
      async () =>
        bytes(
          sharp(await scene('car', { backdrop: ['#fff', '#fff'] }))
            .toColourspace('cmyk')
            .jpeg(),
        ),
      'backdrop',
    ],
    [
      '16 bits',
      async () =>
        bytes(
          sharp(await emoji('car', 64))
            .toColourspace('rgb16')
            .png(),
        ),
      'alpha',
    ],
    [
      'shades of grey',
      async () =>
        bytes(
          sharp(await emoji('car', 64))
            .greyscale()
            .png(),
        ),
      'alpha',
    ],
    [
      'a palette',
      async () => bytes(sharp(await emoji('car', 64)).png({ palette: true, colours: 16 })),
      'alpha',
    ],
  ])('makes a closed, valid model of %s', async (_, picture, kind) => {
    const model = await (typeof picture === 'string'
      ? modelOf(picture)
      : makeMesh([await picture()], OPTIONS))

    const surface = readSurface(model.glb)
    expect(model).toMatchObject({ kind, triangles: 5000 })
    expect(countDefects(surface)).toEqual(CLOSED)
    expect(volumeOf(surface)).toBeGreaterThan(0)
    expect(await validateGlb(model.glb)).toMatchObject({ errors: 0, warnings: 0 })
  })

  it.each<[Emoji, number]>([
    ['pig', 501], ['bicycle', 500], ['snowflake', 500], ['web', 500],
    ['web', 2000], ['backpack', 30_000], ['snowflake', 140_000],
  ])('has exact and closed triangles, an even count: %s at %i', async (name, triangles) => {
    const { glb } = await makeMesh([await emoji(name)], { ...OPTIONS, triangles })

    const surface = readSurface(glb)
    expect(surface.indices.length / 3).toBe(triangles - (triangles % 2))
    expect(countDefects(surface)).toEqual(CLOSED)
  }) // prettier-ignore

  it('is about as dense as it gets when that is asked for', async () => {
    const { triangles, glb } = await makeMesh([await emoji('pig')], {
      ...OPTIONS,
      triangles: 500,
      dense: true,
    })

    expect(triangles).toBeGreaterThan(200_000)
    expect(inspectGlb(glb).triangles).toBe(triangles)
  })

  it.each<Emoji>(['pig', 'rocket', 'bicycle'])('is 1.9 long and around the origin: %s', async (name) => {
    const { bounds } = inspectGlb((await modelOf(name)).glb)

    expect(Math.max(...bounds.size)).toBeCloseTo(1.9, 6)
    for (const axis of [0, 1, 2] as const) expect(bounds.min[axis]).toBeCloseTo(-bounds.max[axis], 6)
  })

  it('stands upright: an L keeps its foot at the lower right', async () => {
    const letter =
      '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><path d="M30 20h40v120h100v40H30Z"/></svg>'
    const { glb } = await makeMesh([await bytes(sharp(Buffer.from(letter)).png())], OPTIONS)

    const { positions } = readSurface(glb)
    const rightmost = (isIn: (y: number) => boolean): number =>
      Math.max(...positions.filter((_, i) => i % 3 === 0 && isIn(positions[i + 1] ?? 0)))
    expect(rightmost((y) => y > 0)).toBeLessThan(0)
    expect(rightmost((y) => y < -0.5)).toBeGreaterThan(0.5)
  })

  it('looks to +Z: the plain back below the front in the texture is on the other side', async () => {
    const { positions, uvs } = readSurface((await modelOf('face')).glb)

    const meanZ = (isIn: (v: number) => boolean): number => {
      const zs = positions.filter((_, i) => i % 3 === 2 && isIn(uvs[((i - 2) / 3) * 2 + 1] ?? 0))
      return zs.reduce((total, z) => total + z, 0) / zs.length
    }
    expect(meanZ((v) => v < 0.8)).toBeGreaterThan(0)
    expect(meanZ((v) => v > 0.8)).toBeLessThan(-0.2)
  })

  it('gives the same bytes for the same input', async () => {
    const picture = await scene('teddy', { backdrop: ['#fff', '#ddd'], shadow: true })
    const options = { ...OPTIONS, pbr: true }

    const first = await makeMesh([picture], options)
    const second = await makeMesh([picture], options)

    expect(Buffer.from(first.glb).equals(second.glb)).toBe(true)
  })

  it('says in the file that it is a stand-in', async () => {
    const { glb } = await modelOf('pig')

    expect(readGlb(glb).json.asset).toMatchObject({ extras: { standIn: true, note: expect.any(String) } })
  })

  it('has PBR maps in the file and one by one, with no warning but the one about tangents', async () => {
    const { glb, textures } = await makeMesh([await emoji('car')], { ...OPTIONS, pbr: true })

    const { errors, messages } = await validateGlb(glb)
    expect(errors).toBe(0)
    expect(messages.filter(({ severity }) => severity < 2).map(({ code }) => code)).toEqual([
      'MESH_PRIMITIVE_GENERATED_TANGENT_SPACE',
    ])
    expect(inspectGlb(glb).textures).toBe(3)
    for (const name of ['baseColor', 'normal', 'metallic', 'roughness'] as const) {
      const { format } = await sharp(textures[name]?.bytes).metadata()
      expect(`image/${format}`).toBe(textures[name]?.mime)
    }
  })

  it('has no texture when none is wanted', async () => {
    const { glb, textures } = await makeMesh([await emoji('car')], { ...OPTIONS, texture: false })

    expect(textures).toEqual({})
    expect(inspectGlb(glb).textures).toBe(0)
    expect(await validateGlb(glb)).toMatchObject({ errors: 0, warnings: 0 })
  })

  it('has textures with sides that are powers of two', async () => {
    const { textures } = await modelOf('face')

    const { width, height } = await sharp(textures.baseColor?.bytes).metadata()
    for (const side of [width, height]) expect(Math.log2(side) % 1).toBe(0)
  })

  it('takes the back from the picture whose mirrored outline fits', async () => {
    const front = await emoji('mug')
    const back = await bytes(sharp(front).flop().tint('#00f'))

    const model = await makeMesh([front, await emoji('bicycle'), back], OPTIONS)

    expect(model.notes).toEqual(['The back shows image 3 of 3.'])
    expect(countDefects(readSurface(model.glb))).toEqual(CLOSED)
    expect(await validateGlb(model.glb)).toMatchObject({ errors: 0, warnings: 0 })
  })

  it('says so when no other picture can be the back', async () => {
    const { notes } = await makeMesh([await emoji('mug'), await emoji('bicycle')], OPTIONS)

    expect(notes).toHaveLength(1)
  })

  it('says so when parts of the object have the colour of the backdrop', async () => {
    const white = await makeMesh([await scene('rocket', { backdrop: ['#fff', '#fff'] })], OPTIONS)
    const coloured = await makeMesh(
      [await scene('rocket', { backdrop: ['#69c', '#58b'], shadow: true })],
      OPTIONS,
    )

    expect(white.notes).toHaveLength(1)
    expect(coloured.notes).toEqual([])
  })

  it('refuses a picture that is fully transparent', async () => {
    await expect(makeMesh([await transparent(20, 20)], OPTIONS)).rejects.toMatchObject({
      code: 'MESHY_IMAGE_INVALID',
    })
  })

  it('refuses what is no picture', async () => {
    await expect(makeMesh([Buffer.from('hello')], OPTIONS)).rejects.toMatchObject({
      code: 'MESHY_IMAGE_INVALID',
    })
  })

  it('makes a plate of a picture that is pale all over', async () => {
    const pale = await bytes(
      sharp({ create: { width: 40, height: 40, channels: 4, background: '#f004' } }).png(),
    )

    expect(await makeMesh([pale], OPTIONS)).toMatchObject({ kind: 'slab', triangles: 5000 })
  })
})
