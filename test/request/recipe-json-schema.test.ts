import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { recipeJsonSchema, recipeSchema } from '../../src/request/recipe.ts'
import { REPOSITORY } from '../support/project.ts'

const image = './knight.png'

describe('recipeJsonSchema', () => {
  const validate = new Ajv().compile(recipeJsonSchema())

  it.each([
    { image },
    { $schema: './node_modules/unplugin-meshy/dist/recipe.schema.json', image, poly: 20_000, pbr: true },
    { images: ['./front.png', './back.png'], prompt: 'worn steel & red cloth' },
    { image, pose: 't', formats: ['fbx'], enable_pbr: false, 'pre-remesh': true },
  ])('takes %o', (recipe) => {
    expect(validate(recipe)).toBe(true)
    expect(recipeSchema().safeParse(recipe).success).toBe(true)
  })

  it.each([
    { image, pbrr: true },
    { image, poly: 99 },
    { image, poly: '20000' },
    { image, topology: 'hexagon' },
    { images: [] },
    { image: '' },
  ])('refuses %o', (recipe) => {
    expect(validate(recipe)).toBe(false)
    expect(recipeSchema().safeParse(recipe).success).toBe(false)
  })

  it('wants one image, or one list of them', () => {
    expect([{ pbr: true }, { image, images: [image] }].map((recipe) => validate(recipe))).toEqual([
      false,
      false,
    ])
  })

  it('is what the package publishes', async () => {
    const manifest = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
      exports: Record<string, string>
    }
    const published = await readFile(
      path.join(REPOSITORY, manifest.exports['./recipe.schema.json'] ?? ''),
      'utf8',
    )

    expect(JSON.parse(published)).toEqual(recipeJsonSchema())
  })
})
