import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Project } from '../support/project.ts'
import { build, BUNDLERS, emulate, entryOf, makeProject, paying, posted } from './harness.ts'

const PICTURES = { 'b.png': 'chair.png', 'c.png': 'car.png', 'd.jpg': 'teddy.jpg' }
const EVERY_DEFAULT = {
  ai_model: 'latest',
  topology: 'triangle',
  target_polycount: 30_000,
  symmetry_mode: 'auto',
  should_remesh: true,
  save_pre_remeshed_model: false,
  should_texture: true,
  enable_pbr: false,
  pose_mode: '',
  moderation: false,
}

describe.each(BUNDLERS)('the one request of a build with %s', (bundler) => {
  it('holds the picture and every effective value of the reference', async () => {
    const { project, emulator } = await buildOnce(bundler, './hero.png?meshy&pbr&poly=20000')

    expect(posted(emulator)).toEqual([
      {
        path: '/openapi/v1/image-to-3d',
        body: {
          ...EVERY_DEFAULT,
          image_url: await dataUri(project, 'hero.png'),
          enable_pbr: true,
          target_polycount: 20_000,
          name: expect.stringMatching(/^\[[0-9a-f]{16}\] hero$/),
        },
      },
    ])
  })

  it('holds all views in their order, and goes to the endpoint for several images', async () => {
    const { project, emulator } = await buildOnce(bundler, './hero.png?meshy&views=./b.png,./c.png')

    const [{ path: route, body } = { path: '', body: {} }, ...others] = posted(emulator)
    expect(others).toEqual([])
    expect(route).toBe('/openapi/v1/multi-image-to-3d')
    expect(body).toMatchObject(EVERY_DEFAULT)
    expect(body).not.toHaveProperty('image_url')
    expect(body['image_urls']).toEqual([
      await dataUri(project, 'hero.png'),
      await dataUri(project, 'b.png'),
      await dataUri(project, 'c.png'),
    ])
  })

  it('holds what a recipe says, with pictures beside the recipe', async () => {
    const recipe = {
      images: ['../hero.png', '../d.jpg', '../b.png', '../c.png'],
      poly: 12_000,
      pbr: true,
      prompt: 'brushed steel & "gold", 100 %',
      pose: 'a',
    }
    const { project, emulator } = await buildOnce(bundler, './art/knight.meshy.json?meshy&poly=900', {
      'art/knight.meshy.json': recipe,
    })

    const [{ path: route, body } = { path: '', body: {} }] = posted(emulator)
    expect(route).toBe('/openapi/v1/multi-image-to-3d')
    expect(body).toMatchObject({
      target_polycount: 900,
      enable_pbr: true,
      texture_prompt: recipe.prompt,
      pose_mode: 'a-pose',
      name: expect.stringMatching(/^\[[0-9a-f]{16}\] knight$/),
    })
    expect(body['image_urls']).toEqual(
      await Promise.all(['hero.png', 'd.jpg', 'b.png', 'c.png'].map((file) => dataUri(project, file))),
    )
  })

  it('holds the texture image, relative to the imported picture', async () => {
    const { project, emulator } = await buildOnce(bundler, './hero.png?meshy&texture-image=./d.jpg')

    expect(posted(emulator)[0]?.body['texture_image_url']).toBe(await dataUri(project, 'd.jpg'))
  })
})

async function buildOnce(
  bundler: (typeof BUNDLERS)[number],
  specifier: string,
  files: Record<string, string | object> = {},
) {
  const emulator = await emulate()
  const project = await makeProject({
    files: { 'main.js': entryOf(specifier), ...files },
    pictures: PICTURES,
  })
  await build(bundler, project, { meshy: paying(emulator) })
  return { emulator, project }
}

async function dataUri({ root }: Project, file: string): Promise<string> {
  const mime = file.endsWith('.jpg') ? 'image/jpeg' : 'image/png'
  return `data:${mime};base64,${(await readFile(path.join(root, file))).toString('base64')}`
}
