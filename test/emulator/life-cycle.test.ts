import { describe, expect, it } from 'vitest'
import { IMAGE_URL, MULTI, SINGLE } from './harness.ts'
import { inTime } from './time.ts'

const DAY = 24 * 60 * 60 * 1000

describe('the life of a task', () => {
  it('waits, runs with growing progress up to 99, and succeeds', async () => {
    const { clock, create, json } = inTime()
    const id = await create()
    const seen: unknown[] = []
    for (const ms of [0, 99, 1, 500, 499, 1]) {
      clock.advance(ms)
      const { status, progress } = await json('GET', `${SINGLE}/${id}`)
      seen.push(`${status} ${progress}`)
    }

    expect(seen).toEqual([
      'PENDING 0',
      'PENDING 0',
      'IN_PROGRESS 0',
      'IN_PROGRESS 49',
      'IN_PROGRESS 98',
      'SUCCEEDED 100',
    ])
  })

  it('has times in milliseconds, 0 until they happen, and three days to live', async () => {
    const { clock, create, json } = inTime()
    const createdAt = clock.now()
    const id = await create()

    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({
      created_at: createdAt,
      started_at: 0,
      finished_at: 0,
      expires_at: createdAt + 3 * DAY,
    })
    clock.advance(5000)
    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({
      started_at: createdAt + 100,
      finished_at: createdAt + 1100,
    })
  })

  it('tells its place in the queue, and starts when a worker is free', async () => {
    const { clock, create, json } = inTime({ workers: 1 })
    const [first, second, third] = [await create(), await create(), await create()]
    clock.advance(100)

    expect(await json('GET', `${SINGLE}/${first}`)).toMatchObject({
      status: 'IN_PROGRESS',
      preceding_tasks: 0,
    })
    expect(await json('GET', `${SINGLE}/${third}`)).toMatchObject({ status: 'PENDING', preceding_tasks: 1 })

    clock.advance(10_000)
    const [a, b, c] = await Promise.all([first, second, third].map((id) => json('GET', `${SINGLE}/${id}`)))
    expect(b.started_at).toBe(a.finished_at)
    expect(c.started_at).toBe(b.finished_at)
  })

  it('shows files only once it has succeeded, and those that it was asked for', async () => {
    const { clock, create, json } = inTime()
    const plain = await create({ should_texture: false })
    const full = await create({ should_remesh: true, save_pre_remeshed_model: true })

    expect(await json('GET', `${SINGLE}/${full}`)).toMatchObject({
      model_urls: {},
      texture_urls: [],
      thumbnail_url: '',
    })
    clock.advance(2000)
    const finished = await json('GET', `${SINGLE}/${full}`)
    expect(Object.keys(finished.model_urls)).toContain('pre_remeshed_glb')
    expect(Object.keys(finished.texture_urls[0])).toEqual(['base_color'])
    expect(await json('GET', `${SINGLE}/${plain}`)).toMatchObject({ texture_urls: [] })
  })

  it('is gone after its retention, with its files', async () => {
    const { clock, create, json, call, emulator } = inTime({ urlMs: 10 * DAY })
    const id = await create()
    clock.advance(2000)
    const { model_urls: urls } = await json('GET', `${SINGLE}/${id}`)
    clock.advance(3 * DAY)

    expect((await call('GET', `${SINGLE}/${id}`)).status).toBe(404)
    expect(await json('GET', SINGLE)).toEqual([])
    expect((await emulator.fetch(urls.glb)).status).toBe(404)
  })

  it('signs its URLs for a while, and anew with each answer', async () => {
    const { clock, create, json, emulator } = inTime({ urlMs: 60_000 })
    const id = await create()
    clock.advance(2000)
    const before = (await json('GET', `${SINGLE}/${id}`)).model_urls.glb

    expect((await emulator.fetch(before)).status).toBe(200)
    expect((await emulator.fetch(before.replace(/Signature=../, 'Signature=00'))).status).toBe(403)
    clock.advance(60_000)
    expect((await emulator.fetch(before)).status).toBe(403)
    const after = (await json('GET', `${SINGLE}/${id}`)).model_urls.glb
    expect((await emulator.fetch(after)).status).toBe(200)
  })

  it('echoes prompt, texture picture and name', async () => {
    const { create, json, emulator } = inTime()
    const id = await create({
      texture_prompt: '50% "rust" & café',
      texture_image_url: IMAGE_URL,
      name: 'k 0123',
    })
    const task = await json('GET', `${SINGLE}/${id}`)

    expect(task).toMatchObject({ texture_prompt: '50% "rust" & café', name: 'k 0123' })
    const picture = await (await emulator.fetch(task.texture_image_url)).arrayBuffer()
    expect(`data:image/png;base64,${Buffer.from(picture).toString('base64')}`).toBe(IMAGE_URL)
    const multi = await create({}, MULTI)
    expect(await json('GET', `${MULTI}/${multi}`)).not.toHaveProperty('texture_image_url')
  })
})

describe('later fields', () => {
  it('hold a second thumbnail when it was asked for', async () => {
    const { create, json, clock } = inTime()
    const id = await create({ alpha_thumbnail: true })
    expect(await json('GET', `${SINGLE}/${id}`)).not.toHaveProperty('alpha_thumbnail_url')
    clock.advance(2000)

    expect(await json('GET', `${SINGLE}/${id}`)).toHaveProperty('alpha_thumbnail_url')
    const plain = await create()
    clock.advance(2000)
    expect(await json('GET', `${SINGLE}/${plain}`)).not.toHaveProperty('alpha_thumbnail_url')
  })
})

describe('delete', () => {
  it('refunds a task that waits', async () => {
    const { create, call, emulator } = inTime({ credits: 100 })
    const id = await create()
    expect(emulator.balance).toBe(70)

    const answer = await call('DELETE', `${SINGLE}/${id}`)

    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(emulator.balance).toBe(100)
  })

  it('cannot stop a task that runs: it keeps its slot until it is done, and is billed', async () => {
    const { clock, create, call, emulator } = inTime({ credits: 100, slots: 1 })
    const id = await create()
    clock.advance(200)
    await call('DELETE', `${SINGLE}/${id}`)

    expect((await call('GET', `${SINGLE}/${id}`)).status).toBe(404)
    expect((await call('POST', SINGLE, { image_url: IMAGE_URL })).status).toBe(429)
    clock.advance(1000)
    expect((await call('POST', SINGLE, { image_url: IMAGE_URL })).status).toBe(202)
    expect(emulator.balance).toBe(40)
  })

  it('takes the files of a finished task with it', async () => {
    const { clock, create, json, call, emulator } = inTime()
    const id = await create()
    clock.advance(2000)
    const { model_urls: urls } = await json('GET', `${SINGLE}/${id}`)
    await call('DELETE', `${SINGLE}/${id}`)

    expect((await emulator.fetch(urls.glb)).status).toBe(404)
  })
})

describe('credits', () => {
  it.each([
    [SINGLE, {}, 30],
    [SINGLE, { should_texture: false }, 20],
    [SINGLE, { ai_model: 'meshy-6-lite' }, 15],
    [SINGLE, { texture_resolution: '8k', geometry_resolution: '4k' }, 40],
    [SINGLE, { model_type: 'smart-topology' }, 15],
    [SINGLE, { ai_model: 'meshy-6-lite', texture_model: 'meshy-7' }, 30],
    [MULTI, {}, 30],
  ])('of %s with %o are %i today', async (path, body, price) => {
    const { create, json, emulator } = inTime({ credits: 1000 })
    const id = await create(body, path)

    expect(await json('GET', `${path}/${id}`)).toMatchObject({ consumed_credits: price })
    expect(emulator.balance).toBe(1000 - price)
    expect(await json('GET', '/openapi/v1/balance')).toEqual({ balance: 1000 - price })
  })

  it.each([
    [SINGLE, {}, 30],
    [SINGLE, { ai_model: 'meshy-4', should_texture: false }, 5],
    [MULTI, {}, 15],
    [MULTI, { should_texture: false }, 5],
  ])('of %s with %o are %i in the reference', async (path, body, price) => {
    const { create, emulator } = inTime({ credits: 1000, profile: 'reference' })
    await create(body, path)

    expect(emulator.balance).toBe(1000 - price)
  })

  it('come back when a task fails, and the task says why', async () => {
    const fault = {
      kind: 'failTask',
      message: 'Several objects',
      type: 'invalid_input',
      code: 'image_too_complex',
    } as const
    const { clock, create, json, emulator } = inTime({ credits: 100, faults: [fault] })
    const id = await create()
    clock.advance(2000)

    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({
      status: 'FAILED',
      consumed_credits: 0,
      model_urls: {},
      task_error: { message: 'Several objects', type: 'invalid_input', code: 'image_too_complex' },
    })
    expect(emulator.balance).toBe(100)
  })
})

describe('list', () => {
  it('pages through the tasks of one kind, newest first', async () => {
    const { clock, create, json } = inTime({ slots: 100 })
    const ids: string[] = []
    for (let i = 0; i < 12; i++) {
      ids.push(await create())
      clock.advance(1)
    }
    await create({}, MULTI)
    const listed = async (query: string) =>
      (await json('GET', `${SINGLE}?${query}`)).map(({ id }: { id: string }) => id)

    expect(await listed('')).toEqual(ids.toReversed().slice(0, 10))
    expect(await listed('page_num=2')).toEqual(ids.toReversed().slice(10))
    expect(await listed('page_num=3')).toEqual([])
    expect(await listed('page_size=5&page_num=2&sort_by=%2Bcreated_at')).toEqual(ids.slice(5, 10))
    expect(await listed('sort_by=-created_at&page_size=50')).toHaveLength(12)
  })

  it.each([
    'page_num=0',
    'page_num=x',
    'page_size=51',
    'page_size=-1',
    'sort_by=+created_at',
    'sort_by=name',
  ])('refuses %s', async (query) => {
    const { call } = inTime()

    expect((await call('GET', `${SINGLE}?${query}`)).status).toBe(400)
  })
})

describe('the profile of the reference', () => {
  it('has no balance, and tells only what the reference lists', async () => {
    const { clock, create, json, call } = inTime({ profile: 'reference' })
    const id = await create({ name: 'k', target_formats: ['nonsense'], texture_resolution: 4 })
    clock.advance(2000)

    expect(Object.keys(await json('GET', `${SINGLE}/${id}`)).toSorted()).toEqual([
      'created_at', 'expires_at', 'finished_at', 'id', 'model_urls', 'preceding_tasks', 'progress', 'started_at',
      'status', 'task_error', 'texture_image_url', 'texture_prompt', 'texture_urls', 'thumbnail_url', 'type',
    ]) // prettier-ignore
    const balance = await call('GET', '/openapi/v1/balance')
    expect([balance.status, await balance.json()]).toEqual([404, { message: 'NoMatchingRoute' }])
  })
})
