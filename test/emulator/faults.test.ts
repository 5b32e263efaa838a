import { describe, expect, it } from 'vitest'
import { readEvents } from './events.ts'
import { call, create, emulate, IMAGE_URL, SINGLE, until } from './harness.ts'
import { inTime } from './time.ts'

const order = { image_url: IMAGE_URL }

describe('faults of a request', () => {
  it.each<[string, Parameters<typeof emulate>[0], number, number]>([
    ['lostAnswer loses the answer and keeps the task', { faults: [{ kind: 'lostAnswer' }] }, 0, 1],
    ['resetBeforeAnswer makes no task', { faults: [{ kind: 'resetBeforeAnswer' }] }, 0, 0],
  ])('%s', async (_, options, status, created) => {
    const emulator = await emulate(options)

    await expect(call(emulator, 'POST', SINGLE, order)).rejects.toThrow(TypeError)
    expect(emulator.counts).toMatchObject({ posts: 1, created })
    expect(emulator.requests.at(-1)).toMatchObject({ route: 'create', status })
  })

  it('silent answers nothing until the client leaves', async () => {
    const emulator = await emulate({ faults: [{ kind: 'silent' }] })
    const answer = fetch(`${emulator.url}${SINGLE}`, { signal: AbortSignal.timeout(50) })

    await expect(answer).rejects.toThrow(/timeout/)
    expect(emulator.counts.created).toBe(0)
  })

  it('status answers with or without effect', async () => {
    const without = inTime({ faults: [{ kind: 'status', status: 500 }] })
    const withEffect = inTime({ faults: [{ kind: 'status', status: 503, message: 'Busy', effective: true }] })

    expect((await without.call('POST', SINGLE, order)).status).toBe(500)
    expect(without.emulator.counts.created).toBe(0)
    const answer = await withEffect.call('POST', SINGLE, order)
    expect([answer.status, await answer.json()]).toEqual([503, { message: 'Busy' }])
    expect(withEffect.emulator.counts.created).toBe(1)
  })

  it.each([
    [{ kind: 'rateLimited', retryAfter: 2 }, 429, 'RateLimitExceeded'],
    [{ kind: 'queueFull' }, 429, 'NoMoreConcurrentTasks'],
    [{ kind: 'outOfCredits' }, 402, 'Insufficient credits'],
    [{ kind: 'unauthorized' }, 401, 'Invalid API key'],
    [{ kind: 'htmlAnswer' }, 502, '<!DOCTYPE html>'],
    [{ kind: 'redirect', to: 'https://elsewhere.example/x' }, 307, ''],
  ] as const)('%o refuses', async (fault, status, text) => {
    const { call, emulator } = inTime({ faults: [fault] })
    const answer = await call('POST', SINGLE, order)

    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(text)
    expect(answer.headers.get('retry-after')).toBe(fault.kind === 'rateLimited' ? '2' : null)
    expect(emulator.counts.created).toBe(0)
  })

  it('befall the requests that the rule chooses', async () => {
    const { call, emulator } = inTime({ slots: 100 })
    emulator.fail({ kind: 'status', status: 500, on: 'create', nth: 2 })
    emulator.fail({ kind: 'outOfCredits', from: 4 })
    emulator.fail({ kind: 'status', status: 418, when: ({ path }) => path.endsWith('/teapot') })
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await call('POST', SINGLE, order)).status)

    expect(statuses).toEqual([202, 500, 202, 402, 402])
    expect((await call('GET', `${SINGLE}/teapot`)).status).toBe(418)
    emulator.heal()
    expect((await call('POST', SINGLE, order)).status).toBe(202)
  })
})

describe('faults of a task', () => {
  it('slow99 keeps it at 99 for longer', async () => {
    const { create, json, clock } = inTime({ faults: [{ kind: 'slow99', ms: 60_000 }] })
    const id = await create()
    clock.advance(60_000)

    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({ status: 'IN_PROGRESS', progress: 99 })
    clock.advance(2000)
    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('unknownStatus, nullFields, noModel and gone404 change what is told', async () => {
    const { create, call, json, clock, emulator } = inTime()
    emulator.fail({ kind: 'unknownStatus', nth: 1 })
    emulator.fail({ kind: 'nullFields', nth: 2 })
    emulator.fail({ kind: 'noModel', nth: 3 })
    emulator.fail({ kind: 'gone404', nth: 4 })
    const id = await create({ should_texture: false })

    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({ status: 'POLISHING' })
    const nulled = await json('GET', `${SINGLE}/${id}`)
    expect(nulled).toMatchObject({ started_at: null, finished_at: null, task_error: null, status: 'PENDING' })
    expect(nulled).not.toHaveProperty('texture_urls')
    clock.advance(2000)
    expect(await json('GET', `${SINGLE}/${id}`)).toMatchObject({ status: 'SUCCEEDED', model_urls: {} })
    expect((await call('GET', `${SINGLE}/${id}`)).status).toBe(404)
    expect((await call('GET', `${SINGLE}/${id}`)).status).toBe(200)
  })

  it('clockSkewMs shows in every time that the server tells', async () => {
    const { create, json, call, clock } = inTime({ clockSkewMs: -3_600_000 })
    const id = await create()

    expect((await json('GET', `${SINGLE}/${id}`)).created_at).toBe(clock.now() - 3_600_000)
    const date = (await call('GET', SINGLE)).headers.get('date') ?? ''
    expect(Date.parse(date)).toBe(clock.now() - 3_600_000)
  })
})

describe('faults of a stream', () => {
  const watch = async (fault: Parameters<typeof emulate>[0]) => {
    // So slow that no task ends before its stream does.
    const emulator = await emulate({ taskMs: 30_000, ...fault })
    const id = await create(emulator)
    return call(emulator, 'GET', `${SINGLE}/${id}/stream`)
  }

  it('noStream says that there is no such route', async () => {
    const answer = await watch({ faults: [{ kind: 'noStream' }] })

    expect([answer.status, await answer.json()]).toEqual([404, { message: 'NoMatchingRoute' }])
  })

  it('streamReset breaks the connection after some events', async () => {
    const answer = await watch({ faults: [{ kind: 'streamReset', events: 2 }] })

    await expect(answer.text()).rejects.toThrow(TypeError)
  })

  it('streamEnd ends properly before the task does', async () => {
    const text = await (await watch({ faults: [{ kind: 'streamEnd', events: 2 }] })).text()

    expect(text.match(/^event: message$/gm)).toHaveLength(2)
    expect(text).not.toContain('SUCCEEDED')
  })

  it('streamError sends an error event after 200', async () => {
    const answer = await watch({ faults: [{ kind: 'streamError', status: 503, message: 'Busy' }] })

    expect(answer.status).toBe(200)
    expect(await readEvents(answer)).toEqual([
      { event: 'error', data: { status_code: 503, message: 'Busy' } },
    ])
  })

  it('streamGarbage sends what is no event', async () => {
    const answer = await watch({ faults: [{ kind: 'streamGarbage' }] })

    await expect(readEvents(answer)).rejects.toThrow('Expected an event')
  })

  it('streamSilent sends headers and nothing else', async () => {
    const answer = await watch({ faults: [{ kind: 'streamSilent' }] })
    const reader = answer.body?.getReader()
    const first = await Promise.race([
      reader?.read(),
      new Promise((resolve) => setTimeout(resolve, 60, 'nothing')),
    ])

    expect([answer.headers.get('content-type'), first]).toEqual(['text/event-stream', 'nothing'])
    await reader?.cancel()
  })
})

describe('faults of a file', () => {
  const download = async (
    kind: 'truncatedAsset' | 'assetReset' | 'htmlAsset' | 'wrongTypeAsset' | 'expiredUrl',
  ) => {
    const emulator = await emulate({ faults: [{ kind, nth: 1 }] })
    const { model_urls: urls } = await until(emulator, await create(emulator), 'SUCCEEDED')
    return { broken: () => fetch(urls.glb), whole: async () => (await fetch(urls.glb)).arrayBuffer() }
  }

  it.each(['truncatedAsset', 'htmlAsset', 'wrongTypeAsset'] as const)(
    '%s is no whole model, though 200',
    async (kind) => {
      const { broken, whole } = await download(kind)
      const answer = await broken()
      const bytes = Buffer.from(await answer.arrayBuffer())

      expect(answer.status).toBe(200)
      expect(bytes.equals(Buffer.from(await whole()))).toBe(false)
    },
  )

  it('assetReset breaks off in the middle', async () => {
    const { broken, whole } = await download('assetReset')
    const answer = await broken()

    await expect(answer.arrayBuffer()).rejects.toThrow(TypeError)
    expect(Number(answer.headers.get('content-length'))).toBe((await whole()).byteLength)
  })

  it('expiredUrl is refused once', async () => {
    const { broken, whole } = await download('expiredUrl')

    expect((await broken()).status).toBe(403)
    expect((await whole()).byteLength).toBeGreaterThan(0)
  })

  it('assetRedirect leads on, by default to the file itself', async () => {
    const { create, json, clock, emulator } = inTime()
    emulator.fail({ kind: 'assetRedirect', nth: 1 })
    emulator.fail({ kind: 'assetRedirect', nth: 2, to: 'https://other.example/file' })
    const id = await create()
    clock.advance(2000)
    const { glb } = (await json('GET', `${SINGLE}/${id}`)).model_urls
    const answers = [await emulator.fetch(glb), await emulator.fetch(glb), await emulator.fetch(glb)]

    expect(answers.map(({ status }) => status)).toEqual([302, 302, 200])
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual([
      glb,
      'https://other.example/file',
      null,
    ])
  })
})
