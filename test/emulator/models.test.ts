import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { OBJLoader } from 'three/addons/loaders/OBJLoader.js'
import { Mesh } from 'three'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseMaker } from '../../src/emulator/make-models.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { readGlb } from '../../src/glb/read.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { makePng, toDataUri } from '../glb/pictures.ts'
import { IMAGE_URL, MULTI, SINGLE } from './harness.ts'
import { inTime } from './time.ts'

let frog: string
/** One worker for all tests: starting it from sources takes longer than all models together. */
const { close, ...maker } = chooseMaker('mesh')
afterAll(() => close?.())
beforeAll(async () => {
  const file = fileURLToPath(import.meta.resolve('@lobehub/fluent-emoji-3d/assets/1f438.webp'))
  frog = toDataUri(
    await sharp(await readFile(file))
      .png()
      .toBuffer(),
  )
})

/** A finished task of the frog, and its files. */
async function frogTask(body: object = {}, options: Parameters<typeof inTime>[0] = {}) {
  const { create, json, clock, emulator } = inTime({ maker, ...options })
  const id = await create({ image_url: frog, ...body })
  clock.advance(2000)
  const task = await json('GET', `${SINGLE}/${id}`)
  const file = async (url: string) => new Uint8Array(await (await emulator.fetch(url)).arrayBuffer())
  return { task, file }
}

describe('models of the emulator', () => {
  it.each([500, 5000, 30_000])('have the %i triangles that were asked for', async (target) => {
    const { task, file } = await frogTask({ should_remesh: true, target_polycount: target })
    const { triangles, textures } = inspectGlb(await file(task.model_urls.glb))

    expect(Math.abs(triangles - target)).toBeLessThanOrEqual(target * 0.02)
    expect(textures).toBe(1)
  })

  it('are as dense as can be without remeshing, and before it', async () => {
    const unmeshed = await frogTask({ should_remesh: false, target_polycount: 500 })
    const both = await frogTask({ should_remesh: true, target_polycount: 500, save_pre_remeshed_model: true })
    const densest = inspectGlb(await unmeshed.file(unmeshed.task.model_urls.glb)).triangles

    expect(densest).toBeGreaterThan(100_000)
    expect(unmeshed.task.model_urls).not.toHaveProperty('pre_remeshed_glb')
    expect(inspectGlb(await both.file(both.task.model_urls.pre_remeshed_glb)).triangles).toBe(densest)
    expect(inspectGlb(await both.file(both.task.model_urls.glb)).triangles).toBeLessThan(600)
  })

  it('have maps, in the model and as files, when PBR is asked for', async () => {
    const { task, file } = await frogTask({ enable_pbr: true, should_remesh: true, target_polycount: 1000 })
    const glb = await file(task.model_urls.glb)
    const [maps] = task.texture_urls

    expect(Object.keys(maps)).toEqual(['base_color', 'metallic', 'normal', 'roughness'])
    for (const url of Object.values<string>(maps))
      expect((await sharp(await file(url)).metadata()).width).toBeGreaterThan(0)
    expect(inspectGlb(glb).textures).toBe(3)
    expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
  })

  it('have a skeleton of centimetres when a pose is asked for, and look as they would without', async () => {
    const body = { should_remesh: true, target_polycount: 1000 }
    const plain = await frogTask(body)
    const posed = await frogTask({ ...body, pose_mode: 't-pose' })
    const glb = await posed.file(posed.task.model_urls.glb)

    const { nodes, skins } = readGlb(glb).json
    expect(skins).toHaveLength(1)
    expect(nodes?.find(({ scale }) => scale)?.scale).toEqual([0.01, 0.01, 0.01])
    expect(nodes?.[0]?.['name']).toEqual(expect.any(String))
    expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
    const { size } = inspectGlb(await plain.file(plain.task.model_urls.glb)).bounds
    inspectGlb(glb).bounds.size.forEach((length, axis) => expect(length).toBeCloseTo(size[axis] ?? 0, 4))
  })

  it('have no texture when none is asked for', async () => {
    const { task, file } = await frogTask({
      should_texture: false,
      should_remesh: true,
      target_polycount: 1000,
    })

    expect(task.texture_urls).toEqual([])
    expect(task.model_urls).not.toHaveProperty('mtl')
    expect(inspectGlb(await file(task.model_urls.glb)).textures).toBe(0)
  })

  it('come as OBJ with MTL and its texture', async () => {
    const { task, file } = await frogTask({ should_remesh: true, target_polycount: 1000 })
    const text = async (url: string) => Buffer.from(await file(url)).toString()
    const [mesh] = new OBJLoader().parse(await text(task.model_urls.obj)).children
    const mtl = await text(task.model_urls.mtl)

    expect(mesh instanceof Mesh && mesh.geometry.attributes.position.count / 3).toBe(1000)
    expect(
      new URL(task.texture_urls[0].base_color).pathname.endsWith(/map_Kd (.*)/.exec(mtl)?.[1] ?? '?'),
    ).toBe(true)
    expect(task.model_urls).not.toHaveProperty('fbx')
    expect(task.model_urls).not.toHaveProperty('usdz')
  })

  it('come in the formats that were asked for', async () => {
    const { task } = await frogTask({ target_formats: ['glb'] })
    const reference = await frogTask({ target_formats: ['glb'] }, { profile: 'reference' })

    expect(Object.keys(task.model_urls)).toEqual(['glb'])
    expect(Object.keys(reference.task.model_urls)).toEqual(['glb', 'obj', 'mtl'])
  })

  it('have a thumbnail of the picture', async () => {
    const { task, file } = await frogTask()

    expect(await sharp(await file(task.thumbnail_url)).metadata()).toMatchObject({
      format: 'png',
      width: 512,
      height: 512,
      hasAlpha: true,
    })
  })

  it('are the same each time', async () => {
    const body = { should_remesh: true, target_polycount: 500 }
    const bytes = async () => {
      const { task, file } = await frogTask(body)
      return Buffer.from(await file(task.model_urls.glb))
    }

    expect((await bytes()).equals(await bytes())).toBe(true)
  })

  it.each([
    [
      'is fully transparent',
      () =>
        sharp({ create: { width: 8, height: 8, channels: 4, background: '#0000' } })
          .png()
          .toBuffer(),
    ],
    ['ends early', () => Promise.resolve(makePng(300, 300).subarray(0, 120))],
  ])('fail and are refunded when the picture %s', async (_, makePicture) => {
    const { create, json, clock, emulator } = inTime({ maker, credits: 100 })
    const id = await create({ image_urls: [IMAGE_URL, toDataUri(await makePicture())] }, MULTI)
    clock.advance(2000)

    expect(await json('GET', `${MULTI}/${id}`)).toMatchObject({
      status: 'FAILED',
      task_error: { type: 'invalid_input' },
    })
    expect(emulator.balance).toBe(100)
  })

  it('fail as cards, too, when the picture ends early', async () => {
    const { create, json, clock } = inTime({ models: 'card' })
    const id = await create({ image_url: toDataUri(makePng(300, 300).subarray(0, 120)) })
    clock.advance(2000)

    const task_error = { type: 'invalid_input', message: expect.stringMatching(/is truncated/) }
    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({ status: 'FAILED', task_error })
  })

  it('are cards where a library is missing, and say why', async () => {
    const cards = chooseMaker('mesh', () => Promise.resolve({ missing: '`sharp` could not be loaded' }))
    const { task, file } = await frogTask({}, { maker: cards })

    expect(readGlb(await file(task.model_urls.glb)).json.asset).toMatchObject({
      generator: 'unplugin-meshy card',
    })
    expect(await cards.inUse?.()).toEqual({ kind: 'card', reason: '`sharp` could not be loaded' })
  })

  it('are cards when they are asked to be', async () => {
    const { emulator } = inTime({ models: 'card' })

    expect(await emulator.models()).toEqual({ kind: 'card' })
    expect(await inTime({ models: 'mesh' }).emulator.models()).toEqual({ kind: 'mesh' })
  })
})
