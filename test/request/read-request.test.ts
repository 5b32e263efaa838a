import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createHasher } from '../../src/request/fingerprint.ts'
import { createImageReader } from '../../src/request/images.ts'
import { readRequest } from '../../src/request/read-request.ts'
import type { ImageDigest } from '../../src/request/request.ts'
import { coded, makeFolder, makePng, queryOf, requestOf } from './fixtures.ts'

describe('readRequest', () => {
  it('names the request after the image', async () => {
    const folder = await makeFolder({ 'hero.v2.PNG': makePng() })

    expect(await requestOf(path.join(folder, 'hero.v2.PNG'), 'meshy')).toMatchObject({
      name: 'hero.v2',
      imageName: 'hero.v2.PNG',
      warnings: [],
    })
  })

  it('names the request after the recipe, and finds images beside it', async () => {
    const folder = await makeFolder({ 'b.png': makePng(2) })
    await mkdir(path.join(folder, 'art'))
    await writeFile(path.join(folder, 'art', 'a.png'), makePng(1))
    const hasher = await createHasher()

    const request = await readRequest({
      file: path.join(folder, 'knight.meshy.json'),
      image: path.join(folder, 'art', 'a.png'),
      directives: { views: ['./b.png'] },
      emulated: true,
      images: createImageReader(hasher),
      hasher,
    })

    expect(request).toMatchObject({ name: 'knight', imageName: 'a.png' })
    expect(request.images.map(({ width }) => width)).toEqual([1, 2])
  })

  it('holds in its canonical form only what decides the bytes and is no default', async () => {
    const folder = await makeFolder({ 'a.png': makePng(1), 'b.png': makePng(2) })
    const query =
      'meshy&poly=30000&pbr&take=3&moderation&formats=fbx&target_formats=glb,fbx&texture-image=./b.png'

    const { canonical, images, textureImages, wanted } = await requestOf(path.join(folder, 'a.png'), query)

    const digests = [images[0], textureImages[0]].map((image) => image && 'hash' in image && digestOf(image))
    expect(canonical).toEqual({
      kind: 'image-to-3d',
      images: [digests[0]],
      textureImages: [digests[1]],
      params: { enable_pbr: true },
      take: 3,
      emulated: false,
    })
    expect(wanted).toEqual(['glb', 'fbx'])
  })

  it.each(['views=./gone.png', 'texture-image=./gone.png', 'views=./a.png,../gone.png'])(
    'refuses %s when the file does not exist',
    async (query) => {
      const folder = await makeFolder({ 'a.png': makePng() })

      await expect(requestOf(path.join(folder, 'a.png'), `meshy&${query}`)).rejects.toThrow(
        coded('MESHY_IMAGE_NOT_FOUND'),
      )
    },
  )

  it.each([
    'http://x.test/a.png',
    'HTTP://x.test/a.png',
    'data:image/png;base64,AAAA',
    'file:///a.png',
    'https://',
  ])('refuses the texture image %s', async (url) => {
    const folder = await makeFolder({ 'a.png': makePng() })

    await expect(requestOf(path.join(folder, 'a.png'), `meshy&texture-image=${url}`)).rejects.toThrow(
      coded('MESHY_DIRECTIVE_INVALID'),
    )
  })

  it('refuses a view that is no image', async () => {
    const folder = await makeFolder({ 'a.png': makePng(), 'b.png': 'RIFF\x10\0\0\0WEBPVP8 ' })

    await expect(requestOf(path.join(folder, 'a.png'), 'meshy&views=b.png')).rejects.toThrow(
      coded('MESHY_IMAGE_INVALID'),
    )
  })

  it.each([
    ['is_a_t_pose', '`pose='],
    ['hd_texture', '`texture_resolution=4k`'],
    ['model_type=lowpoly', 'smart-topology'],
    ['model=meshy-t1', 'retired on 2026-10-30'],
    ['texture_model=meshy-99', 'Unknown texture model'],
    ['texture_model=meshy-n1&pbr', 'only a base color'],
    ['symmetry=on', 'no effect'],
    ['no-remove_lighting', 'model=meshy-6'],
    ['remove_lighting&model=meshy-7.1', 'model=meshy-6'],
    ['model=meshy-4', 'retired on 2026-03-20'],
    ['model=meshy-5', 'retired on 2026-10-10'],
    ['model=meshy-7', 'deprecated'],
    ['model=meshy-99', 'Unknown model'],
  ])('lets %s pass with a warning', async (query, text) => {
    const folder = await makeFolder({ 'a.png': makePng() })

    const { warnings } = await requestOf(path.join(folder, 'a.png'), `meshy&${query}`)

    expect(warnings).toEqual([expect.stringContaining(text)])
  })

  it.each(['remove_lighting&model=meshy-6', 'texture_model=meshy-n1', 'model=meshy-7.1&pbr'])(
    'has nothing to say of %s',
    async (query) => {
      const folder = await makeFolder({ 'a.png': makePng() })

      expect((await requestOf(path.join(folder, 'a.png'), `meshy&${query}`)).warnings).toEqual([])
    },
  )

  it('stops when the run is stopped', async () => {
    const hasher = await createHasher()
    const signal = AbortSignal.abort(new Error('stopped'))
    const images = createImageReader(hasher)

    await expect(
      readRequest({ file: '/a.png', directives: queryOf('meshy'), emulated: false, images, hasher, signal }),
    ).rejects.toThrow('stopped')
  })
})

function digestOf({ hash, bytes, sha256 }: ImageDigest) {
  return { hash, bytes, sha256 }
}
