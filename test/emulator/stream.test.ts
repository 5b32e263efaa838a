import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { readEvents } from './events.ts'
import { call, create, emulate, MULTI, SINGLE, until } from './harness.ts'
import { inTime } from './time.ts'

describe('stream', () => {
  it('tells only id, progress and status while a task is on its way, and all of it in the end', async () => {
    const { call, create, clock } = inTime()
    const id = await create({}, MULTI)
    const reading = readEvents(await call('GET', `${MULTI}/${id}/stream`))
    for (let ms = 0; ms <= 1200; ms += 100) {
      clock.advance(100)
      await setImmediate()
    }
    const events = await reading
    const last = events.pop()

    expect(events.map(({ data }) => data.status)).toContain('IN_PROGRESS')
    for (const { data } of events) expect(Object.keys(data)).toEqual(['id', 'progress', 'status'])
    expect(events.map(({ data }) => data.progress)).toEqual(
      events.map(({ data }) => data.progress).toSorted(numerically),
    )
    expect(last?.data).toMatchObject({ id, progress: 100, status: 'SUCCEEDED' })
    expect(last?.data.model_urls).toHaveProperty('glb')
  })

  it('goes over HTTP as it is', async () => {
    const emulator = await emulate()
    const id = await create(emulator)
    const answer = await call(emulator, 'GET', `${SINGLE}/${id}/stream`)

    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    expect((await readEvents(answer)).at(-1)?.data).toMatchObject({ id, status: 'SUCCEEDED' })
  })

  it('begins with the end when the task is finished, and is left open by the server', async () => {
    const emulator = await emulate()
    const id = await create(emulator)
    await until(emulator, id, 'SUCCEEDED')
    const answer = await call(emulator, 'GET', `${SINGLE}/${id}/stream`)
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()

    expect((await reader?.read())?.value).toMatch(
      /^event: message\ndata: \{"id".*"status":"SUCCEEDED".*\}\n\n$/,
    )
    const next = Promise.race([
      reader?.read(),
      new Promise((resolve) => setTimeout(resolve, 60, 'still open')),
    ])
    expect(await next).toBe('still open')
    await reader?.cancel()
  })

  it('is ended by the server when the option says so', async () => {
    const emulator = await emulate({ closeStreams: true })
    const id = await create(emulator)
    const text = await (await call(emulator, 'GET', `${SINGLE}/${id}/stream`)).text()

    expect(text.trimEnd().endsWith('}')).toBe(true)
  })

  it('says Task not found in an error event after 200', async () => {
    const { call, create, clock } = inTime()
    const answer = await call('GET', `${SINGLE}/nobody/stream`)

    expect([answer.status, await answer.text()]).toEqual([
      200,
      'event: error\ndata: {"status_code":404,"message":"Task not found"}\n\n',
    ])
    const id = await create()
    const reader = (await call('GET', `${SINGLE}/${id}/stream`)).body
      ?.pipeThrough(new TextDecoderStream())
      .getReader()
    await reader?.read()
    await call('DELETE', `${SINGLE}/${id}`)
    clock.advance(1000)
    expect((await reader?.read())?.value).toContain('event: error')
  })

  it('repeats its last event when nothing changed for long', async () => {
    const { call, create, clock } = inTime({ taskMs: 60_000, pendingMs: 60_000, keepAliveMs: 10_000 })
    const id = await create()
    const reader = (await call('GET', `${SINGLE}/${id}/stream`)).body
      ?.pipeThrough(new TextDecoderStream())
      .getReader()
    const first = await reader?.read()
    clock.advance(10_000)

    expect(await reader?.read()).toEqual(first)
  })
})

function numerically(a: unknown, b: unknown): number {
  return Number(a) - Number(b)
}
