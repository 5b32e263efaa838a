import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { formatQuery } from '../../src/run/plan.ts'
import { parseDirectiveObject } from '../../src/request/parse.ts'
import { parseRecipe, recipeJsonSchema } from '../../src/request/recipe.ts'
import { resolveDirectives } from '../../src/request/resolve.ts'
import { coded, makeFolder, makePng, queryOf, requestOf } from './fixtures.ts'

const file = '/a.png'

describe('api.<name>', () => {
  it.each<[string, unknown]>([
    ['api.x=7', 7],
    ['api.x=-0.5', -0.5],
    ['api.x=1e3', 1000],
    ['api.x=true', true],
    ['api.x=false', false],
    ['api.x', true],
    ['no-api.x', false],
    ['api.x=', ''],
    ['api.x=wool', 'wool'],
    ['api.x=a%26b', 'a&b'],
    ['api.x=007', '007'],
    ['api.x=12345678901234567890', '12345678901234567890'],
    ['api.x="7"', '7'],
    ['api.x=[1,"b",null]', [1, 'b', null]],
    ['api.x={"b":1,"a":[true]}', { a: [true], b: 1 }],
    ['api.x=[wool', '[wool'],
    ['api.x=null', 'null'],
  ])('reads %s as what it is, and writes it back', (query, value) => {
    const directives = queryOf(`meshy&${query}`)

    expect(directives).toEqual({ 'api.x': value })
    expect(queryOf(formatQuery(directives).slice(1))).toEqual(directives)
  })

  it.each([
    ['api.image_url=x', 'MESHY_DIRECTIVE_INVALID', 'imported image'],
    ['api.image_urls=x', 'MESHY_DIRECTIVE_INVALID', '`views`'],
    ['api.input_task_id=x', 'MESHY_DIRECTIVE_INVALID', 'imported image'],
    ['api.name=x', 'MESHY_DIRECTIVE_INVALID', 'key'],
    ['api.target_polycount=500', 'MESHY_DIRECTIVE_INVALID', '`poly`'],
    ['api.pbr', 'MESHY_DIRECTIVE_INVALID', '`pbr`'],
    ['no-api.enable_pbr', 'MESHY_DIRECTIVE_INVALID', '`pbr`'],
    ['api.texture_model=x', 'MESHY_DIRECTIVE_INVALID', '`texture_model`'],
    ['api.take=2', 'MESHY_DIRECTIVE_INVALID', '`take`'],
    ['api.=2', 'MESHY_DIRECTIVE_INVALID', 'letters'],
    ['api.__proto__=2', 'MESHY_DIRECTIVE_INVALID', 'letters'],
    ['api.a.b=2', 'MESHY_DIRECTIVE_INVALID', 'letters'],
    ['api.x=1&api.x=2', 'MESHY_DIRECTIVE_CONFLICT', 'twice'],
  ])('refuses %s', (query, code, text) => {
    expect(() => queryOf(`meshy&${query}`)).toThrow(coded(code, { message: expect.stringContaining(text) }))
  })

  it.each([[Number.NaN], [null], [() => 7], [new Date(0)], [{ at: undefined }], [nested(20)]])(
    'refuses %o in an object, which is no JSON to send',
    (value) => {
      expect(() => parseDirectiveObject({ 'api.x': value }, '`defaults`')).toThrow(
        coded('MESHY_DIRECTIVE_INVALID'),
      )
    },
  )

  it('comes from defaults, presets and recipes too, each parameter on its own', () => {
    const presets = { odd: { 'api.b': 'preset', 'api.c': 'preset' } }
    const recipe = parseRecipe('{"image":"./a.png","api.c":"recipe","api.d":[1,2]}', '/a.meshy.json')

    const directives = resolveDirectives({
      file,
      query: queryOf('meshy&preset=odd&api.a=1'),
      recipe: recipe.directives,
      defaults: { 'api.d': 4, 'api.e': { b: 1, a: 2 } },
      presets,
    })

    expect(directives).toEqual({
      'api.a': 1,
      'api.b': 'preset',
      'api.c': 'preset',
      'api.d': [1, 2],
      'api.e': { a: 2, b: 1 },
      preset: 'odd',
    })
  })

  it('is sent, changes the key, and leaves it alone how an object was written', async () => {
    const folder = await makeFolder({ 'a.png': makePng() })
    const image = path.join(folder, 'a.png')
    const queries = ['', '&api.x=7', '&api.x="7"', '&api.x={"a":1,"b":2}', '&api.x={"b":2,"a":1}']

    const [none, number, text, object, turned] = await Promise.all(
      queries.map((query) => requestOf(image, `meshy${query}`)),
    )

    expect(number?.params['x']).toBe(7)
    expect(text?.params['x']).toBe('7')
    expect(new Set([none?.key, number?.key, text?.key, object?.key]).size).toBe(4)
    expect(turned?.key).toBe(object?.key)
    expect(number?.unchecked).toEqual(['api.x'])
  })

  it('may stand in a recipe by its schema', () => {
    const validate = new Ajv().compile(recipeJsonSchema())

    expect(validate({ image: './a.png', 'api.tomorrow': { a: [1] } })).toBe(true)
    expect(validate({ image: './a.png', 'apo.tomorrow': 7 })).toBe(false)
  })
})

function nested(depth: number): unknown {
  return depth === 0 ? 7 : [nested(depth - 1)]
}
