import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { directiveSpellings } from '../../src/request/directives.ts'
import { isRecipe, parseRecipe, readRecipe, recipeSchema } from '../../src/request/recipe.ts'
import { MOST_IMAGES } from '../../src/request/task-kinds.ts'
import { coded, makeFolder } from './fixtures.ts'

const file = path.resolve('/art/knight.meshy.json')
const pictures = (length: number) => Array.from({ length }, (_, at) => `${at}.png`)

describe('readRecipe', () => {
  it('reads a recipe from disk', async () => {
    const text =
      '\uFEFF{ "$schema": "../schema.json", "image": "./knight.png", "poly": 5000, "enable_pbr": true }'
    const recipe = path.join(await makeFolder({ 'knight.meshy.json': text }), 'knight.meshy.json')

    expect(await readRecipe(recipe)).toEqual({
      file: recipe,
      image: path.join(path.dirname(recipe), 'knight.png'),
      directives: { poly: 5000, pbr: true },
    })
  })

  it('says when there is none', async () => {
    const folder = await makeFolder()

    await expect(readRecipe(path.join(folder, 'gone.meshy.json'))).rejects.toThrow(
      coded('MESHY_RECIPE_INVALID'),
    )
    await expect(readRecipe(folder)).rejects.toThrow(coded('MESHY_RECIPE_INVALID'))
  })
})

describe('parseRecipe', () => {
  it.each([
    [{ image: 'a.png' }, {}],
    [{ images: ['a.png'] }, {}],
    [{ images: ['a.png', './b.png', '../c.png'] }, { views: ['./b.png', '../c.png'] }],
    [{ image: 'a.png', views: ['b.png'] }, { views: ['b.png'] }],
    [
      { image: 'a.png', prompt: '100% "wool" & a #2 felt', pose: 't' },
      { prompt: '100% "wool" & a #2 felt', pose: 't-pose' },
    ],
    [{ image: 'a.png', preset: 'prop' }, { preset: 'prop' }],
  ])('reads %j', (recipe, directives) => {
    expect(parseRecipe(JSON.stringify(recipe), file)).toEqual({
      file,
      image: path.resolve('/art/a.png'),
      directives,
    })
  })

  it.each([
    ['', 'MESHY_RECIPE_INVALID'],
    ['{ "image": "a.png", }', 'MESHY_RECIPE_INVALID'],
    ['[]', 'MESHY_RECIPE_INVALID'],
    ['null', 'MESHY_RECIPE_INVALID'],
    ['"a.png"', 'MESHY_RECIPE_INVALID'],
    ['{}', 'MESHY_RECIPE_INVALID'],
    ['{ "pbr": true }', 'MESHY_RECIPE_INVALID'],
    ['{ "image": "" }', 'MESHY_RECIPE_INVALID'],
    ['{ "image": "a.png", "lods": 1 }', 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": "a.png", "lods": "3" }', 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": "a.png", "lods": [] }', 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": "a.png", "lods": [0.2, 0.5] }', 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": "a.png", "lods": [0.5, null] }', 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": 3 }', 'MESHY_RECIPE_INVALID'],
    ['{ "images": [] }', 'MESHY_RECIPE_INVALID'],
    ['{ "images": "a.png" }', 'MESHY_RECIPE_INVALID'],
    [JSON.stringify({ images: pictures(MOST_IMAGES + 1) }), 'MESHY_RECIPE_INVALID'],
    ['{ "image": "a", "images": ["a"] }', 'MESHY_RECIPE_INVALID'],
    ['{ "images": ["a", "b"], "views": ["c"] }', 'MESHY_RECIPE_INVALID'],
    ['{ "image": "a", "polly": 3 }', 'MESHY_DIRECTIVE_UNKNOWN'],
    ['{ "image": "a", "poly": "3000" }', 'MESHY_DIRECTIVE_INVALID'],
    [JSON.stringify({ image: 'a', views: pictures(MOST_IMAGES) }), 'MESHY_DIRECTIVE_INVALID'],
    ['{ "image": "a", "pbr": true, "enable_pbr": true }', 'MESHY_DIRECTIVE_CONFLICT'],
  ])('refuses %s', (text, code) => {
    expect(() => parseRecipe(text, file)).toThrow(
      coded(code, { message: expect.stringContaining('knight.meshy.json') }),
    )
  })
})

describe('recipeSchema', () => {
  it('makes a JSON Schema with every directive and alias', () => {
    const schema = z.toJSONSchema(recipeSchema(), { io: 'input' })

    const spellings = directiveSpellings.filter((name) => name !== 'meshy')
    expect(Object.keys(schema.properties ?? {}).sort()).toEqual(
      ['$schema', 'image', 'images', ...spellings].sort(),
    )
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: {
        poly: { type: 'integer', minimum: 100, maximum: 300_000 },
        pose: { enum: ['a-pose', 't-pose', '', 'a', 't'] },
        prompt: { type: 'string', minLength: 1, maxLength: 600 },
        views: { type: 'array', minItems: 1, maxItems: MOST_IMAGES - 1 },
      },
    })
  })

  it('agrees with the parser', () => {
    expect(recipeSchema().safeParse({ image: 'a.png', poly: 500, pose_mode: 'a' }).success).toBe(true)
    expect(recipeSchema().safeParse({ image: 'a.png', polly: 500 }).success).toBe(false)
    expect(recipeSchema().safeParse({ image: 'a.png', prompt: 'x'.repeat(601) }).success).toBe(false)
  })
})

describe('isRecipe', () => {
  it.each([
    ['/a/knight.meshy.json', true],
    ['/a/knight.json', false],
    ['/a/knight.png', false],
  ])('%s: %s', (name, expected) => {
    expect(isRecipe(name)).toBe(expected)
  })
})
