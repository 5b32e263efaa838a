import { describe, expect, it } from 'vitest'
import { isMeshySpecifier, parseSpecifier } from '../../src/request/parse.ts'
import { MOST_IMAGES } from '../../src/request/task-kinds.ts'

const TOO_MANY_VIEWS = Array.from({ length: MOST_IMAGES }, (_, at) => `${at}.png`).join()
const IGNORED_BY_VITE = ['import', 't=1764000000000', 'v=0a1b2c3d']

describe('isMeshySpecifier', () => {
  it.each([
    './a.png?meshy',
    './a.png?meshy=1',
    './a.png?meshy=',
    './a.png?meshy=maybe',
    './a.png?poly=3&meshy',
    './a.png?poly=3&meshy&t=1764000000000',
    './a.png?meshy#x',
    './a.png?meshy?poly=3',
    './a.png?poly=3?meshy',
    '/abs/a.png?meshy=0123456789abcdef',
    './knight.meshy.json?meshy',
  ])('accepts %s', (specifier) => {
    expect(isMeshySpecifier(specifier)).toBe(true)
  })

  it.each([
    './a.png',
    './meshy.png',
    './a.png?meshyish',
    './a.png?no-meshy',
    './a.png?meshy=false',
    './a.png?meshy=0&poly=3',
    './a.png?prompt=meshy',
    './a.png?x-meshy',
    './a.png#meshy',
    '\0./a.png?meshy=0123456789abcdef?commonjs-proxy',
  ])('leaves %s alone', (specifier) => {
    expect(isMeshySpecifier(specifier)).toBe(false)
  })
})

describe('parseSpecifier', () => {
  it.each([
    ['meshy', {}],
    ['meshy&pbr&poly=20000', { pbr: true, poly: 20000 }],
    ['poly=20000&pbr=true&topology=triangle&meshy', { poly: 20000, pbr: true, topology: 'triangle' }],
    ['pbr=1&meshy', { pbr: true }],
    ['pbr=on&meshy=on', { pbr: true }],
    ['pbr=&meshy=', { pbr: true }],
    ['meshy&pbr=false', { pbr: false }],
    ['meshy&pbr=0', { pbr: false }],
    ['meshy&pbr=off', { pbr: false }],
    ['meshy&no-pbr', { pbr: false }],
    ['meshy&no-enable_pbr', { pbr: false }],
    ['meshy&ai_model=meshy-6', { model: 'meshy-6' }],
    ['meshy&polycount=100', { poly: 100 }],
    ['meshy&height=1.8&origin=bottom', { height: 1.8, origin: 'bottom' }],
    ['meshy&lods=3', { lods: [0.25, 0.0625] }],
    ['meshy&lods=0.5,0.2,0.05', { lods: [0.5, 0.2, 0.05] }],
    ['meshy&lods=0.5', { lods: [0.5] }],
    ['meshy&texture-format=keep', { 'texture-format': 'keep' }],
    ['meshy&target_polycount=300000', { poly: 300000 }],
    ['meshy&symmetry_mode=off', { symmetry: 'off' }],
    ['meshy&should_remesh=0', { remesh: false }],
    ['meshy&save_pre_remeshed_model', { 'pre-remesh': true }],
    ['meshy&no-should_texture', { texture: false }],
    ['meshy&pose=a', { pose: 'a-pose' }],
    ['meshy&pose=t', { pose: 't-pose' }],
    ['meshy&pose_mode=t-pose', { pose: 't-pose' }],
    ['meshy&pose=', { pose: '' }],
    ['meshy&is_a_t_pose', { is_a_t_pose: true }],
    ['meshy&texture_image_url=./wool.png', { 'texture-image': './wool.png' }],
    ['meshy&texture-image=https://x.test/a.png?b=c', { 'texture-image': 'https://x.test/a.png?b=c' }],
    ['meshy&moderation', { moderation: true }],
    ['meshy&views=./b.png,./c.png', { views: ['./b.png', './c.png'] }],
    ['meshy&views=./b%2Cb.png, ./c.png', { views: ['./b,b.png', './c.png'] }],
    ['meshy&take=2', { take: 2 }],
    ['meshy&formats=usdz,fbx,usdz', { formats: ['fbx', 'usdz'] }],
    ['meshy&textures&thumbnail', { textures: true, thumbnail: true }],
    ['meshy&preset=prop', { preset: 'prop' }],
    ['meshy&texture_resolution=4k', { texture_resolution: '4k' }],
    ['meshy&hd_texture', { hd_texture: true }],
    ['meshy&geometry_resolution=2k', { geometry_resolution: '2k' }],
    ['meshy&decimation_mode=4', { decimation_mode: 4 }],
    ['meshy&model_type=smart-topology', { model_type: 'smart-topology' }],
    ['meshy&no-image_enhancement', { image_enhancement: false }],
    ['meshy&remove_lighting=off', { remove_lighting: false }],
    ['meshy&auto_size&origin_at=center', { auto_size: true, origin_at: 'center' }],
    ['meshy&target_formats=fbx,glb', { target_formats: ['glb', 'fbx'] }],
    ['meshy&alpha_thumbnail&multi_view_thumbnails', { alpha_thumbnail: true, multi_view_thumbnails: true }],
    ['meshy&texture_image_urls=a.png,b.png', { texture_image_urls: ['a.png', 'b.png'] }],
    ['&&meshy&&pbr&', { pbr: true }],
  ])('reads ?%s', (query, directives) => {
    expect(parseSpecifier(`./a.png?${query}`)).toEqual({ path: './a.png', directives })
  })

  it.each(IGNORED_BY_VITE)('ignores what Vite adds: %s', (added) => {
    expect(parseSpecifier(`./a.png?${added}&meshy&pbr`)).toEqual(parseSpecifier('./a.png?meshy&pbr'))
    expect(parseSpecifier(`./a.png?meshy&pbr&${added}`)).toEqual(parseSpecifier('./a.png?meshy&pbr'))
  })

  it.each(['import=x', 't=5', 'v=2', 't', 'v'])('refuses %s, which is not how Vite writes it', (added) => {
    expect(() => parseSpecifier(`./a.png?meshy&${added}`)).toThrow(coded('MESHY_DIRECTIVE_UNKNOWN'))
  })

  it.each([
    ['100%25 wool', '100% wool'],
    ['100% wool', '100% wool'],
    ['100%', '100%'],
    ['50%2', '50%2'],
    ['%zz', '%zz'],
    ['salt+pepper', 'salt+pepper'],
    ['salt%2Bpepper', 'salt+pepper'],
    ['salt%26pepper', 'salt&pepper'],
    ['a%20%22red%22%20%27cap%27', 'a "red" \'cap\''],
    ['"red"', '"red"'],
    ['a=b', 'a=b'],
    ['%23ff0000', '#ff0000'],
    ['gr%C3%BCn', 'grün'],
    ['grün 緑 🟢', 'grün 緑 🟢'],
    ['%F0%9F%9F%A2%E7%B7%91', '🟢緑'],
    ['%ff%41', '%ffA'],
    ['%ED%A0%80', '%ED%A0%80'],
    ['%C0%80', '%C0%80'],
    ['why%3F', 'why?'],
    ['why?', 'why?'],
    ['a,b', 'a,b'],
  ])('reads the prompt %s', (written, prompt) => {
    expect(parseSpecifier(`./a.png?meshy&prompt=${written}`).directives).toEqual({ prompt })
  })

  it.each([
    [
      'what URLSearchParams writes, as glob imports with an object do',
      `./a.png?${new URLSearchParams({ meshy: 'true', prompt: 'a b+c & d' })}`,
      'a b+c & d',
    ],
    ['a query by hand, where a plus is a plus', './a.png?meshy&prompt=a+b', 'a+b'],
  ])('reads %s', (_, specifier, prompt) => {
    expect(parseSpecifier(specifier)).toMatchObject({ directives: { prompt } })
  })

  it('reads what encodeURIComponent and URLSearchParams write', () => {
    const prompt = '100% "wool" + silk & a #2 felt, grün 🟢 = ok?'

    const encoded = parseSpecifier(`./a.png?meshy=true&prompt=${encodeURIComponent(prompt)}`)

    expect(encoded.directives).toEqual({ prompt })
  })

  it.each([
    ['polly=3', 'poly'],
    ['ploy=5000', 'poly'],
    ['bpr', 'pbr'],
    ['lpoy=5000', undefined],
    ['Poly=300', 'poly'],
    ['texture-resolution=4k', 'texture_resolution'],
    ['enable-pbr', 'enable_pbr'],
    ['hello', undefined],
    ['no-pbrr', 'no-pbr'],
    ['url', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
  ])('refuses the unknown directive %s and names the nearest', (item, nearest) => {
    expect(() => parseSpecifier(`./a.png?meshy&${item}`)).toThrow(
      coded('MESHY_DIRECTIVE_UNKNOWN', { details: expect.objectContaining({ nearest }) }),
    )
  })

  it.each([
    'lods', 'lods=', 'lods=0', 'lods=1', 'lods=9', 'lods=-2', 'lods=2.5', 'lods=1e1', 'lods=auto', 'lods=NaN', 'lods=Infinity', 'no-lods',
    'lods=0.2,0.5', 'lods=0.5,0.5', 'lods=1,0.5', 'lods=0.5,0', 'lods=-0.5', 'lods=0.5,,0.2', 'lods=0.5,', 'lods=0.5,x', 'lods=3,0.5',
    'height=0', 'height=1e3', 'origin=top', 'poly', 'poly=', 'poly=99', 'poly=300001', 'poly=1e4', 'poly=-500', 'poly=20_000', 'poly=500.5', 'poly=lots',
    'pbr=yes', 'pbr=TRUE', 'topology=hexagon', 'symmetry=true', 'pose', 'pose=sitting', 'prompt', 'prompt=',
    `prompt=${'x'.repeat(601)}`, 'views', 'views=', 'views=a.png,,b.png', `views=${TOO_MANY_VIEWS}`, 'take=0', 'take=1.5', 'formats=glb',
    'formats=', 'texture_resolution=4096', 'decimation_mode=5', 'texture_image_urls=a,b,c,d,e', 'no-poly', 'no-prompt', 'no-pbr=1',
    'prompt=a#b', 'pbr#later', 'pbr?poly=300', 'texture-image=', 'take=99999999999999999999',
  ])('refuses %s', (item) => {
    expect(() => parseSpecifier(`./a.png?meshy&${item}`)).toThrow(
      coded('MESHY_DIRECTIVE_INVALID'),
    )
  }) // prettier-ignore

  it('refuses a value of meshy that is no boolean', () => {
    expect(() => parseSpecifier('./a.png?meshy=maybe')).toThrow(coded('MESHY_DIRECTIVE_INVALID'))
  })

  it('counts characters of a prompt, not UTF-16 units', () => {
    const prompt = '🟢'.repeat(600)

    expect(parseSpecifier(`./a.png?meshy&prompt=${prompt}`).directives).toEqual({ prompt })
    expect(() => parseSpecifier(`./a.png?meshy&prompt=${prompt}x`)).toThrow(coded('MESHY_DIRECTIVE_INVALID'))
  })

  it.each([
    'pbr&pbr',
    'pbr&no-pbr',
    'pbr&enable_pbr=1',
    'poly=500&polycount=500',
    'pose=a&pose_mode=a-pose',
    'meshy',
  ])('refuses %s beside meshy, since it is said twice', (items) => {
    expect(() => parseSpecifier(`./a.png?meshy&${items}`)).toThrow(coded('MESHY_DIRECTIVE_CONFLICT'))
  })

  it('reads the token of a canonical id', () => {
    const id = '/abs/a b.png?meshy=0123456789abcdef'

    expect(parseSpecifier(id)).toEqual({ path: '/abs/a b.png', token: '0123456789abcdef' })
    for (const added of IGNORED_BY_VITE) expect(parseSpecifier(`${id}&${added}`)).toEqual(parseSpecifier(id))
  })

  it('refuses directives beside a token', () => {
    expect(() => parseSpecifier('./a.png?meshy=0123456789abcdef&pbr')).toThrow(
      coded('MESHY_DIRECTIVE_INVALID'),
    )
  })

  it('leaves the path as it is', () => {
    expect(parseSpecifier('C:\\art\\#1 100%25.png?meshy').path).toBe('C:\\art\\#1 100%25.png')
  })

  it('says what was received and what is allowed', () => {
    expect(() => parseSpecifier('./a.png?meshy&polycount=7')).toThrow(
      expect.objectContaining({
        message: '`polycount` is `7`; expected 100–300000.',
        details: { directive: 'poly', received: 7, allowed: '100–300000' },
      }),
    )
  })
})

function coded(code: string, fields: object = {}) {
  return expect.objectContaining({ code, ...fields })
}
