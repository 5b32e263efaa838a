import { describe, expect, it } from 'vitest'
import type { DirectiveObject, Directives } from '../../src/request/directives.ts'
import { parsePreset, resolveDirectives } from '../../src/request/resolve.ts'
import { coded, queryOf } from './fixtures.ts'

const file = '/art/a.png'

describe('resolveDirectives', () => {
  it('lets the query win over its preset, that over the recipe, that over the defaults', () => {
    const effective = resolveDirectives({
      file,
      query: queryOf('meshy&preset=prop&poly=1000'),
      recipe: { poly: 3000, symmetry: 'on', topology: 'quad' },
      defaults: { poly: 4000, symmetry: 'off', topology: 'triangle', pbr: true },
      presets: { prop: { poly: 2000, symmetry: 'auto' } },
    })

    expect(effective).toEqual({ preset: 'prop', poly: 1000, symmetry: 'auto', topology: 'quad', pbr: true })
  })

  it('takes the preset that the strongest names, right below it', () => {
    const presets = { a: { poly: 1000, pbr: true }, b: { poly: 2000, textures: true } }
    const recipe = { preset: 'a', pbr: false }
    const defaults = { preset: 'b', poly: 5000, thumbnail: true }

    expect(resolveDirectives({ file, query: {}, recipe, defaults, presets })).toEqual({
      preset: 'a',
      poly: 1000,
      pbr: false,
      thumbnail: true,
    })
    expect(resolveDirectives({ file, query: {}, defaults, presets })).toMatchObject({
      poly: 5000,
      textures: true,
    })
  })

  it('asks a function for the defaults of a file', () => {
    const defaults = (of: string) => (of === file ? { polycount: 1234 } : undefined)

    expect(resolveDirectives({ file, query: {}, defaults })).toEqual({ poly: 1234 })
    expect(resolveDirectives({ file: '/art/b.png', query: {}, defaults })).toEqual({})
  })

  it.each<[string, DirectiveObject, Directives]>([
    ['no-texture', { pbr: true, prompt: 'wool', texture_resolution: '4k' }, { texture: false }],
    ['pbr', { texture: false }, { pbr: true }],
    ['texture-image=b.png', { prompt: 'wool' }, { 'texture-image': 'b.png' }],
    ['prompt=wool', { 'texture-image': 'b.png' }, { prompt: 'wool' }],
    [
      'no-remesh',
      { poly: 500, topology: 'quad', 'pre-remesh': true, pbr: true },
      { remesh: false, pbr: true },
    ],
    ['poly=500', { remesh: false }, { poly: 500 }],
    ['poly=500', { decimation_mode: 2 }, { poly: 500 }],
    ['decimation_mode=2', { poly: 500 }, { decimation_mode: 2 }],
    ['pose=a', { is_a_t_pose: true }, { pose: 'a-pose' }],
    ['pose=', { pose: 't' }, { pose: '' }],
    ['no-auto_size', { auto_size: true, origin_at: 'center' }, { auto_size: false }],
    ['formats=fbx', { target_formats: ['glb'] }, { formats: ['fbx'] }],
    ['views=b.png', { model_type: 'standard' }, { views: ['b.png'] }],
    [
      'model=meshy-6',
      { model: 'meshy-t2', model_type: 'smart-topology', poly: 500 },
      { model: 'meshy-6', poly: 500 },
    ],
  ])('drops from the defaults what ?%s overrides', (query, defaults, effective) => {
    const asked = { file, query: queryOf(`meshy&${query}`) }

    expect(resolveDirectives({ ...asked, defaults })).toEqual(effective)
    expect(
      resolveDirectives({
        ...asked,
        recipe: resolveDirectives({ file, query: {}, defaults }),
      }),
    ).toEqual(effective)
  })

  it('drops from the defaults what the preset of the query overrides', () => {
    const presets = { flat: { texture: false } }

    expect(resolveDirectives({ file, query: { preset: 'flat' }, defaults: { pbr: true }, presets })).toEqual({
      preset: 'flat',
      texture: false,
    })
  })

  it('never drops the views of a recipe', () => {
    const recipe = { views: ['./b.png'] }

    expect(() => resolveDirectives({ file, query: { model_type: 'lowpoly' }, recipe })).toThrow(
      coded('MESHY_DIRECTIVE_CONFLICT'),
    )
  })

  it('refuses what one source says against itself', () => {
    expect(() => resolveDirectives({ file, query: {}, defaults: { texture: false, pbr: true } })).toThrow(
      coded('MESHY_DIRECTIVE_CONFLICT'),
    )
  })

  it.each([
    ['prob', '`preset=prop`'],
    ['constructor', 'presets'],
  ])('refuses the unknown preset %s and names the known ones', (preset, hint) => {
    const presets = { prop: { poly: 3000 }, hero: { pbr: true } }

    expect(() => resolveDirectives({ file, query: { preset }, presets })).toThrow(
      coded('MESHY_DIRECTIVE_INVALID', {
        message: expect.stringContaining('`prop`, `hero`'),
        hint: expect.stringContaining(hint),
      }),
    )
  })

  it('refuses a preset when the options have none', () => {
    expect(() => resolveDirectives({ file, query: { preset: 'prop' } })).toThrow(
      coded('MESHY_DIRECTIVE_INVALID'),
    )
  })

  it.each<[Record<string, unknown>, string]>([
    [{ polly: 3 }, 'MESHY_DIRECTIVE_UNKNOWN'],
    [{ poly: '3000' }, 'MESHY_DIRECTIVE_INVALID'],
    [{ pbr: 1 }, 'MESHY_DIRECTIVE_INVALID'],
    [{ views: './b.png' }, 'MESHY_DIRECTIVE_INVALID'],
    [{ poly: 3000, polycount: 3000 }, 'MESHY_DIRECTIVE_CONFLICT'],
    [{ meshy: true }, 'MESHY_DIRECTIVE_INVALID'],
    [{ 'no-pbr': true }, 'MESHY_DIRECTIVE_UNKNOWN'],
  ])('refuses the defaults %j', (defaults, code) => {
    expect(() => resolveDirectives({ file, query: {}, defaults: defaults as DirectiveObject })).toThrow(
      coded(code, { message: expect.stringContaining('in `defaults`') }),
    )
  })
})

describe('parsePreset', () => {
  it('takes aliases and leaves out what is undefined', () => {
    expect(parsePreset('prop', { target_polycount: 3000, pose: 'a', pbr: undefined })).toEqual({
      poly: 3000,
      pose: 'a-pose',
    })
  })

  it.each([null, [], 'pbr', 3, { preset: 'other' }])('refuses %j', (preset) => {
    expect(() => parsePreset('prop', preset)).toThrow(
      coded('MESHY_DIRECTIVE_INVALID', { message: expect.stringContaining('`presets.prop`') }),
    )
  })
})
