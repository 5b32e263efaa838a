import { describe, expect, it } from 'vitest'
import { makeJpeg, makePng, toDataUri } from '../glb/pictures.ts'
import { emulate, IMAGE_URL, MULTI, SINGLE } from './harness.ts'
import { inTime } from './time.ts'

const single = { image_url: IMAGE_URL }
const multi = { image_urls: [IMAGE_URL] }

describe('create', () => {
  it.each<[string, string, unknown, string]>([
    ['no picture', SINGLE, {}, 'image_url is required'],
    ['an empty picture', SINGLE, { image_url: '' }, 'image_url is required'],
    ['no pictures', MULTI, {}, 'image_urls is required'],
    ['0 pictures', MULTI, { image_urls: [] }, '1 to 4'],
    ['5 pictures', MULTI, { image_urls: Array(5).fill(IMAGE_URL) }, '1 to 4'],
    ['a picture where a list belongs', MULTI, { image_urls: IMAGE_URL }, 'array'],
    ['a bad second picture', MULTI, { image_urls: [IMAGE_URL, 7] }, 'image_urls[1]'],
    ['a picture that is a number', SINGLE, { image_url: 7 }, 'string'],
    [
      'a data URI of GIF',
      SINGLE,
      { image_url: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' },
      'supported format',
    ],
    [
      'a data URI of GIF that says PNG',
      SINGLE,
      { image_url: 'data:image/png;base64,R0lGODlhAQABAAAAACw=' },
      'supported format',
    ],
    ['a PNG that says JPEG', SINGLE, { image_url: toDataUri(makePng(1, 1), 'image/jpeg') }, 'does not match'],
    ['a data URI without base64', SINGLE, { image_url: 'data:image/png,hello' }, 'data URI'],
    ['a data URI that is no base64', SINGLE, { image_url: 'data:image/png;base64,%%%' }, 'data URI'],
    ['a data URI of nothing', SINGLE, { image_url: 'data:image/png;base64,' }, 'data URI'],
    ['a URL that cannot be reached', SINGLE, { image_url: 'https://example.com/a.png' }, 'not reachable'],
    ['a path', SINGLE, { image_url: './a.png' }, 'publicly accessible URL'],
    [
      'a bad texture picture',
      SINGLE,
      { ...single, texture_image_url: 'data:image/webp;base64,AAAA' },
      'texture_image_url',
    ],
    ['99 polygons', SINGLE, { ...single, target_polycount: 99 }, 'between 100 and 300000'],
    ['300001 polygons', MULTI, { ...multi, target_polycount: 300_001 }, 'between'],
    ['polygons as text', SINGLE, { ...single, target_polycount: '5000' }, 'integer'],
    ['half a polygon', SINGLE, { ...single, target_polycount: 100.5 }, 'integer'],
    ['an unknown topology', SINGLE, { ...single, topology: 'hexagon' }, '"quad", "triangle"'],
    ['an unknown symmetry', SINGLE, { ...single, symmetry_mode: 'maybe' }, 'symmetry_mode'],
    ['an unknown pose', SINGLE, { ...single, pose_mode: 'b-pose' }, 'pose_mode'],
    ['a boolean as text', SINGLE, { ...single, enable_pbr: 'true' }, 'enable_pbr must be a boolean'],
    ['601 characters', SINGLE, { ...single, texture_prompt: 'é'.repeat(601) }, '600 characters'],
    ['an unknown model', SINGLE, { ...single, ai_model: 'meshy-99' }, 'ai_model'],
    [
      'multipart',
      SINGLE,
      '------boundary\r\nContent-Disposition: form-data\r\n',
      "invalid character '-' in numeric literal",
    ],
    ['no JSON', SINGLE, 'image_url=x', 'JSON'],
    ['nothing', SINGLE, '', 'JSON'],
    ['a list', SINGLE, [], 'JSON object'],
  ])('refuses %s in both profiles', async (_, path, body, reason) => {
    for (const profile of ['current', 'reference'] as const) {
      const { call, emulator } = inTime({ profile })

      const answer = await call('POST', path, body)

      expect(answer.status).toBe(400)
      expect((await answer.json()).message).toContain(reason)
      expect(emulator.counts.created).toBe(0)
    }
  })

  it.each([
    ['PBR without texture', { enable_pbr: true, should_texture: false }],
    ['a retired model', { ai_model: 'meshy-5' }],
    ['a retired family', { model_type: 'lowpoly' }],
    ['an unknown texture model', { texture_model: 'meshy-1' }],
    ['a texture resolution as a number', { texture_resolution: 4 }],
    ['an unknown format', { target_formats: ['glb', 'step'] }],
    ['a name that is no text', { name: 7 }],
    ['a task as its picture', { input_task_id: '018a210d-8ba4-705c-b111-1f1776f7f578' }],
    [
      'too many polygons for a model that builds its own topology',
      { ai_model: 'meshy-t2', model_type: 'smart-topology', target_polycount: 20_000 },
    ],
    ['such a model without its type', { ai_model: 'meshy-t2' }],
  ])('refuses %s today, but not in the reference', async (_, body) => {
    const today = await inTime().call('POST', SINGLE, { ...single, ...body })
    const { ai_model: model } = { ai_model: 'latest', ...body }
    const then = await inTime({ profile: 'reference' }).call('POST', SINGLE, { ...single, ...body })

    expect(today.status).toBe(400)
    // The reference lists meshy-5, but has never heard of the models that came later.
    expect(then.status).toBe(model === 'meshy-t2' ? 400 : 202)
  })

  it.each([
    ['no list', IMAGE_URL, 'array'],
    ['an empty list', [], '1 to 4'],
    ['five', Array(5).fill(IMAGE_URL), '1 to 4'],
    ['a bad one', [IMAGE_URL, 'data:image/webp;base64,AAAA'], 'texture_image_urls[1]'],
  ])('refuses %s as pictures of the texture today', async (_, pictures, reason) => {
    const body = { ...multi, texture_image_urls: pictures }
    const today = await inTime().call('POST', MULTI, body)

    expect(today.status).toBe(400)
    expect((await today.json()).message).toContain(reason)
    expect((await inTime({ profile: 'reference' }).call('POST', MULTI, body)).status).toBe(202)
    const right = { ...multi, texture_image_urls: [IMAGE_URL, IMAGE_URL] }
    expect((await inTime().call('POST', MULTI, right)).status).toBe(202)
  })

  it.each<[string, string, object]>([
    ['every parameter of the reference', SINGLE, {
      ...single, ai_model: 'latest', topology: 'quad', target_polycount: 100, symmetry_mode: 'on', should_remesh: true,
      save_pre_remeshed_model: true, should_texture: true, enable_pbr: true, pose_mode: '', is_a_t_pose: true,
      texture_prompt: '🧱'.repeat(600), texture_image_url: IMAGE_URL, moderation: true,
    }],
    ['what has no effect', SINGLE, { ...single, should_texture: false, texture_prompt: 'x', save_pre_remeshed_model: true, should_remesh: false }],
    ['unknown parameters and nulls', SINGLE, { ...single, seed: 7, topology: null }],
    ['four pictures', MULTI, { image_urls: Array(4).fill(IMAGE_URL), target_polycount: 300_000 }],
  ])('accepts %s', async (_, path, body) => {
    for (const profile of ['current', 'reference'] as const) {
      expect((await inTime({ profile }).call('POST', path, body)).status).toBe(202)
    }
  }) // prettier-ignore

  it('accepts JPEG, also by its other name, and a URL that can be reached', async () => {
    const jpeg = await makeJpeg()
    const { call } = inTime({
      loadImage: (url) => Promise.resolve(url.endsWith('/a.jpg') ? jpeg : undefined),
    })

    expect((await call('POST', SINGLE, { image_url: toDataUri(jpeg, 'image/jpg') })).status).toBe(202)
    expect((await call('POST', SINGLE, { image_url: 'https://example.com/a.jpg' })).status).toBe(202)
    expect((await call('POST', SINGLE, { image_url: 'https://example.com/b.jpg' })).status).toBe(400)
  })
})

describe('every route', () => {
  it.each([
    ['POST', SINGLE],
    ['GET', SINGLE],
    ['GET', `${MULTI}/x`],
    ['GET', `${MULTI}/x/stream`],
    ['DELETE', `${SINGLE}/x`],
    ['GET', '/openapi/v1/balance'],
  ])('%s %s wants the key, and no browser', async (method, path) => {
    const emulator = await emulate()
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${emulator.url}${path}`, { method, headers })
      return [answer.status, await answer.json()]
    }

    expect(await ask({})).toEqual([401, { message: 'Invalid API key' }])
    expect(await ask({ authorization: 'Bearer msy_wrong' })).toEqual([401, { message: 'Invalid API key' }])
    expect(await ask({ authorization: emulator.apiKey })).toEqual([401, { message: 'Invalid API key' }])
    expect(await ask({ authorization: `Bearer ${emulator.apiKey}`, origin: 'https://example.com' })).toEqual([
      403,
      { message: 'Forbidden' },
    ])
  })

  it.each([
    ['GET', '/'],
    ['GET', '/v1/image-to-3d'],
    ['GET', '/openapi/v2/image-to-3d'],
    ['PUT', `${SINGLE}/x`],
    ['PATCH', SINGLE],
  ])('answers NoMatchingRoute to %s %s', async (method, path) => {
    const answer = await inTime().call(method, path)

    expect([answer.status, await answer.json()]).toEqual([404, { message: 'NoMatchingRoute' }])
  })

  it('knows a task by its own kind alone', async () => {
    const { create, call } = inTime()
    const id = await create()

    expect((await call('GET', `${MULTI}/${id}`)).status).toBe(404)
    expect((await call('DELETE', `${MULTI}/${id}`)).status).toBe(404)
    expect((await call('GET', `${SINGLE}/${id}`)).status).toBe(200)
  })
})

describe('limits', () => {
  it('let so many requests through in any second', async () => {
    const { call, clock } = inTime({ requestsPerSecond: 3 })
    const ask = async () => (await call('GET', SINGLE)).status

    expect([await ask(), await ask()]).toEqual([200, 200])
    clock.advance(999)
    expect([await ask(), await ask()]).toEqual([200, 429])
    clock.advance(1)
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429])
  })

  it('say RateLimitExceeded, and when to come back if so wanted', async () => {
    for (const retryAfter of [true, false]) {
      const { call } = inTime({ requestsPerSecond: 0, retryAfter })
      const answer = await call('GET', SINGLE)

      expect([answer.status, await answer.json()]).toEqual([429, { message: 'RateLimitExceeded' }])
      expect(answer.headers.get('retry-after')).toBe(retryAfter ? '1' : null)
    }
  })

  it('let so many tasks wait or run at once, and say NoMoreConcurrentTasks', async () => {
    const { create, call, clock, emulator } = inTime({ slots: 2 })
    await create()
    await create({}, MULTI)

    const answer = await call('POST', SINGLE, single)
    expect([answer.status, await answer.json()]).toEqual([429, { message: 'NoMoreConcurrentTasks' }])
    expect(answer.headers.get('retry-after')).toBeNull()
    clock.advance(1100)
    expect((await call('POST', SINGLE, single)).status).toBe(202)
    expect(emulator.counts).toMatchObject({ posts: 4, created: 3, limited: 1 })
  })

  it('end with the credits, at 402', async () => {
    const { create, call, emulator } = inTime({ credits: 45 })
    await create()

    expect((await call('POST', SINGLE, single)).status).toBe(402)
    expect(emulator.balance).toBe(15)
    expect((await call('POST', SINGLE, { ...single, ai_model: 'meshy-6-lite' })).status).toBe(202)
  })
})
