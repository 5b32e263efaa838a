import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createHasher } from '../../src/request/fingerprint.ts'
import { createImageReader } from '../../src/request/images.ts'
import { createPayload, keyInName, type PayloadOptions } from '../../src/request/payload.ts'
import type { Request } from '../../src/request/request.ts'
import { coded, makeFolder, makePng, requestOf } from './fixtures.ts'

const SPELLED_OUT = {
  ai_model: 'latest',
  topology: 'triangle',
  target_polycount: 30000,
  symmetry_mode: 'auto',
  should_remesh: true,
  save_pre_remeshed_model: false,
  should_texture: true,
  enable_pbr: false,
  pose_mode: '',
  moderation: false,
}
const WITHOUT_REMESH = without('topology', 'target_polycount', 'save_pre_remeshed_model')
const OTHER_FAMILY = without('topology', 'target_polycount', 'save_pre_remeshed_model', 'should_remesh')
const SMART_TOPOLOGY = {
  ...without('ai_model', 'topology', 'target_polycount', 'save_pre_remeshed_model', 'should_remesh'),
  model_type: 'smart-topology',
}
const WITHOUT_POLYCOUNT = without('target_polycount')
const WITHOUT_PBR = without('enable_pbr')
const WITHOUT_POSE = without('pose_mode')

describe('createPayload', () => {
  it.each([
    ['meshy', SPELLED_OUT],
    ['meshy&pbr&poly=20000', { ...SPELLED_OUT, enable_pbr: true, target_polycount: 20000 }],
    ['meshy&model=meshy-6&topology=quad', { ...SPELLED_OUT, ai_model: 'meshy-6', topology: 'quad' }],
    ['meshy&symmetry=on&pose=t', { ...SPELLED_OUT, symmetry_mode: 'on', pose_mode: 't-pose' }],
    ['meshy&no-remesh', { ...WITHOUT_REMESH, should_remesh: false }],
    [
      'meshy&no-remesh&no-pre-remesh',
      { ...WITHOUT_REMESH, should_remesh: false, save_pre_remeshed_model: false },
    ],
    ['meshy&pre-remesh', { ...SPELLED_OUT, save_pre_remeshed_model: true }],
    ['meshy&no-texture', { ...WITHOUT_PBR, should_texture: false }],
    ['meshy&no-texture&no-pbr', { ...WITHOUT_PBR, should_texture: false }],
    ['meshy&is_a_t_pose', { ...WITHOUT_POSE, is_a_t_pose: true }],
    ['meshy&moderation', { ...SPELLED_OUT, moderation: true }],
    ['meshy&prompt=100% wool', { ...SPELLED_OUT, texture_prompt: '100% wool' }],
    ['meshy&take=4&formats=fbx&textures&thumbnail', SPELLED_OUT],
    ['meshy&decimation_mode=2', { ...WITHOUT_POLYCOUNT, decimation_mode: 2 }],
    ['meshy&texture_resolution=4k', { ...SPELLED_OUT, texture_resolution: '4k' }],
    ['meshy&no-image_enhancement', { ...SPELLED_OUT, image_enhancement: false }],
    ['meshy&target_formats=fbx,glb', { ...SPELLED_OUT, target_formats: ['glb', 'fbx'] }],
    ['meshy&auto_size&origin_at=center', { ...SPELLED_OUT, auto_size: true, origin_at: 'center' }],
    ['meshy&model_type=standard', { ...SPELLED_OUT, model_type: 'standard' }],
    ['meshy&texture_model=meshy-n1', { ...SPELLED_OUT, texture_model: 'meshy-n1' }],
    ['meshy&model_type=lowpoly', { ...OTHER_FAMILY, model_type: 'lowpoly' }],
    ['meshy&model_type=smart-topology', { ...SMART_TOPOLOGY }],
    ['meshy&model_type=smart-topology&model=latest', { ...SMART_TOPOLOGY }],
    [
      'meshy&model_type=smart-topology&model=meshy-t2&poly=5000',
      { ...OTHER_FAMILY, model_type: 'smart-topology', ai_model: 'meshy-t2', target_polycount: 5000 },
    ],
  ])('sends every effective parameter of ?%s', async (query, params) => {
    const folder = await makeFolder({ 'hero.png': makePng() })
    const request = await requestOf(path.join(folder, 'hero.png'), query)

    const { kind, body } = await createPayload(request, await fromDisk())

    const image_url = `data:image/png;base64,${makePng().toString('base64')}`
    expect(kind).toBe('image-to-3d')
    expect(body).toEqual({ ...params, image_url, name: `[${request.key}] hero` })
  })

  it('sends views in their order, after the imported image', async () => {
    const folder = await makeFolder({ 'a.png': makePng(1), 'b.png': makePng(2), 'c.png': makePng(3) })
    const request = await requestOf(path.join(folder, 'a.png'), 'meshy&views=./c.png,./b.png')

    const { kind, body } = await createPayload(request, await fromDisk())

    expect(kind).toBe('multi-image-to-3d')
    expect(body['image_urls']).toEqual([1, 3, 2].map((width) => dataUri(makePng(width))))
    expect(body).not.toHaveProperty('image_url')
  })

  it.each([
    ['texture-image=./b.png', { texture_image_url: dataUri(makePng(2)) }],
    ['texture-image=https://x.test/b.png', { texture_image_url: 'https://x.test/b.png' }],
    ['views=./b.png&texture_image_urls=./b.png', { texture_image_url: dataUri(makePng(2)) }],
    [
      'views=./b.png&texture_image_urls=./b.png,https://x.test/b.png',
      { texture_image_urls: [dataUri(makePng(2)), 'https://x.test/b.png'] },
    ],
  ])('sends the texture images of %s', async (query, fields) => {
    const folder = await makeFolder({ 'a.png': makePng(1), 'b.png': makePng(2) })

    const { body } = await createPayload(
      await requestOf(path.join(folder, 'a.png'), `meshy&${query}`),
      await fromDisk(),
    )

    expect(body).toMatchObject(fields)
    expect(Object.keys(body).filter((name) => name.startsWith('texture_image'))).toEqual(Object.keys(fields))
  })

  it('sends no name when told so', async () => {
    const request = await anyRequest()

    const { body } = await createPayload(request, { ...(await fromDisk()), named: false })

    expect(body).not.toHaveProperty('name')
  })

  it('refuses to send an image that was changed since the key was made', async () => {
    const request = await anyRequest()
    await writeFile(request.images[0]?.file ?? '', makePng(9))

    await expect(createPayload(request, await fromDisk())).rejects.toThrow(coded('MESHY_IMAGE_CHANGED'))
  })

  it.each([
    ['hero', '[0123456789abcdef] hero'],
    ['x'.repeat(50), `[0123456789abcdef] ${'x'.repeat(40)}`],
    ['🟢'.repeat(50), `[0123456789abcdef] ${'🟢'.repeat(40)}`],
    ['a\nb\t\0c', '[0123456789abcdef] a b c'],
    ['hero [ffffffffffffffff]', '[0123456789abcdef] hero  ffffffffffffffff'],
    ['', '[0123456789abcdef]'],
  ])('names the task after %j', async (name, expected) => {
    const request = { ...(await anyRequest()), name, key: '0123456789abcdef' }

    const { body } = await createPayload(request, await fromDisk())

    expect(body['name']).toBe(expected)
  })
})

describe('keyInName', () => {
  it.each([
    ['[0123456789abcdef] hero', '0123456789abcdef'],
    ['[0123456789abcdef] he', '0123456789abcdef'],
    ['[0123456789abcdef]', '0123456789abcdef'],
    [' [0123456789abcdef]…', '0123456789abcdef'],
    // As earlier releases named tasks.
    ['hero [0123456789abcdef]', '0123456789abcdef'],
    ['[ffffffffffffffff] hero [0123456789abcdef]', '0123456789abcdef'],
    ['hero [ffffffffffffffff] [0123456789abcdef]', '0123456789abcdef'],
    ['[0123456789abcde', undefined],
    ['hero [0123456789abcdef] ', '0123456789abcdef'],
    ['hero', undefined],
    ['', undefined],
    ['hero [0123456789abcdef] copy', undefined],
    ['hero [0123456789ABCDEF]', undefined],
    ['hero [0123456789abcde]', undefined],
  ])('reads %j', (name, key) => {
    expect(keyInName(name)).toBe(key)
  })
})

async function fromDisk(): Promise<PayloadOptions> {
  const reader = createImageReader(await createHasher())
  return { bytesOf: (image) => reader.readBytes(image) }
}

async function anyRequest(): Promise<Request> {
  return requestOf(path.join(await makeFolder({ 'a.png': makePng() }), 'a.png'), 'meshy')
}

function dataUri(bytes: Buffer): string {
  return `data:image/png;base64,${bytes.toString('base64')}`
}

function without(...names: (keyof typeof SPELLED_OUT)[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SPELLED_OUT).filter(([name]) => !names.some((other) => other === name)),
  )
}
