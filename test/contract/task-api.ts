import { beforeAll, describe, expect, it } from 'vitest'
import { makePng, toDataUri } from '../glb/pictures.ts'
import { readEvents } from '../emulator/events.ts'

/** A server that speaks the API, and what may be asked of it. */
export interface ApiTarget {
  url: string
  apiKey: string
  /** Whether tasks may be created, which costs credits. */
  spend: boolean
  /** Whether it has what came after the reference: balance, `name`, consumed credits. */
  later: boolean
}

const STATUSES = ['PENDING', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELED']
const NOBODYS_TASK = '018a210d-8ba4-705c-b111-1f1776f7f578'
const PICTURE = toDataUri(makePng(64, 64))

const KINDS = [
  { kind: 'image-to-3d', pictures: { image_url: PICTURE }, noPictures: {} },
  { kind: 'multi-image-to-3d', pictures: { image_urls: [PICTURE, PICTURE] }, noPictures: { image_urls: [] } },
] as const

/** Limits that a test runs into on purpose. */
export interface Limits {
  credits?: number
  slots?: number
  requestsPerSecond?: number
}

/**
 * One suite for the emulator and the service: what both must do alike. Calls it with the plain `fetch` of a stranger.
 *
 * `makeLimited` makes a server that is soon exhausted; without it, nothing is exhausted.
 */
export function taskApiContract(
  makeTarget: () => Promise<ApiTarget>,
  makeLimited?: (limits: Limits) => Promise<ApiTarget>,
): void {
  let target: ApiTarget
  beforeAll(async () => {
    target = await makeTarget()
  })

  const call = (
    method: string,
    path: string,
    { body, key = target.apiKey }: { body?: unknown; key?: string } = {},
  ) =>
    fetch(`${target.url}/openapi/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  const refusal = async (answer: Response) => {
    expect(await answer.json()).toEqual(expect.objectContaining({ message: expect.any(String) }))
    return answer.status
  }

  describe.each(KINDS)('$kind', ({ kind, pictures, noPictures }) => {
    it('answers 404 to retrieve and delete when the task is unknown', async () => {
      expect(await refusal(await call('GET', `${kind}/${NOBODYS_TASK}`))).toBe(404)
      expect(await refusal(await call('DELETE', `${kind}/${NOBODYS_TASK}`))).toBe(404)
    })

    it('answers 401 when the key is wrong', async () => {
      const key = 'msy_not_a_key'

      expect(await refusal(await call('GET', `${kind}/${NOBODYS_TASK}`, { key }))).toBe(401)
      expect(await refusal(await call('POST', kind, { key, body: noPictures }))).toBe(401)
    })

    it('answers 403 to a browser', async () => {
      const headers = { authorization: `Bearer ${target.apiKey}`, origin: 'https://example.com' }

      expect((await fetch(`${target.url}/openapi/v1/${kind}`, { headers })).status).toBe(403)
    })

    it('answers 400 to create when there is no picture', async () => {
      expect(await refusal(await call('POST', kind, { body: noPictures }))).toBe(400)
    })

    it('says in an error event that the task is unknown', async () => {
      const [first] = await readEvents(await call('GET', `${kind}/${NOBODYS_TASK}/stream`))

      expect(first).toMatchObject({ event: 'error', data: { status_code: 404 } })
    })

    it('lists as many tasks as asked for, in the order asked for', async () => {
      const answer = await call('GET', `${kind}?page_num=1&page_size=5&sort_by=%2Bcreated_at`)
      const tasks: { created_at: number; type: string; status: string }[] = await answer.json()

      expect(answer.status).toBe(200)
      expect(tasks.length).toBeLessThanOrEqual(5)
      expect(tasks.map((task) => task.created_at)).toEqual(
        tasks.map((task) => task.created_at).toSorted((a, b) => a - b),
      )
      for (const task of tasks) {
        expect(task.type).toBe(kind)
        expect(STATUSES).toContain(task.status)
      }
    })

    it('makes a model: create, stream, retrieve, list, download, delete', async (test) => {
      if (!target.spend) test.skip('creating costs credits')
      const body = { ...pictures, should_remesh: true, should_texture: true, target_polycount: 5000 }

      const created = await call('POST', kind, { body })
      expect(created.status).toBe(202)
      const { result: id } = await created.json()
      expect(id).toEqual(expect.any(String))

      const stream = await call('GET', `${kind}/${id}/stream`)
      expect(stream.headers.get('content-type')).toContain('text/event-stream')
      const events = await readEvents(stream)
      for (const { data } of events.slice(0, -1)) expect(STATUSES).toContain(data.status)
      expect(events.at(-1)?.data).toMatchObject({ id, status: 'SUCCEEDED', progress: 100 })

      const task = await (await call('GET', `${kind}/${id}`)).json()
      expect(task).toMatchObject({
        id,
        type: kind,
        status: 'SUCCEEDED',
        progress: 100,
        task_error: { message: '' },
      })
      expect(task.created_at).toBeLessThanOrEqual(task.started_at)
      expect(task.started_at).toBeLessThanOrEqual(task.finished_at)
      expect(task.finished_at).toBeLessThan(task.expires_at)
      expect(task.texture_urls[0]).toHaveProperty('base_color')
      expect(task.texture_urls[0]).not.toHaveProperty('metallic')
      expect(task.model_urls).not.toHaveProperty('pre_remeshed_glb')

      const newest = await (await call('GET', `${kind}?page_size=1&sort_by=-created_at`)).json()
      expect(newest).toEqual([expect.objectContaining({ id })])

      const model = Buffer.from(await (await fetch(task.model_urls.glb)).arrayBuffer())
      expect(model.subarray(0, 4).toString()).toBe('glTF')
      expect(model.readUInt32LE(8)).toBe(model.length)

      expect((await call('DELETE', `${kind}/${id}`)).status).toBe(200)
      expect((await call('GET', `${kind}/${id}`)).status).toBe(404)
    })
  })

  it('tells each kind of task by its own path alone', async (test) => {
    if (!target.spend) test.skip('creating costs credits')
    const { result: id } = await (await call('POST', 'image-to-3d', { body: KINDS[0].pictures })).json()

    expect((await call('GET', `multi-image-to-3d/${id}`)).status).toBe(404)
    expect((await call('DELETE', `image-to-3d/${id}`)).status).toBe(200)
  })

  it('answers 404 NoMatchingRoute to a path that does not exist', async () => {
    const answer = await call('GET', 'no-such-thing')

    expect(answer.status).toBe(404)
    expect((await answer.json()).message).toContain('NoMatchingRoute')
  })

  it('tells the balance', async (test) => {
    if (!target.later) test.skip('the reference has no balance')
    const answer = await call('GET', 'balance')

    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ balance: expect.any(Number) })
  })

  describe.runIf(makeLimited)('an account at its limits', () => {
    it.each<[string, Limits, number, string]>([
      ['out of credits', { credits: 20 }, 402, 'credits'],
      ['with a full queue', { slots: 1 }, 429, 'NoMoreConcurrentTasks'],
      ['with too many requests', { requestsPerSecond: 1 }, 429, 'RateLimitExceeded'],
    ])('is refused %s', async (_, limits, status, message) => {
      const limited = await makeLimited?.(limits)
      const order = () =>
        fetch(`${limited?.url}/openapi/v1/multi-image-to-3d`, {
          method: 'POST',
          headers: { authorization: `Bearer ${limited?.apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify(KINDS[1].pictures),
        })
      await order()
      const answer = await order()

      expect(answer.status).toBe(status)
      expect((await answer.json()).message).toContain(message)
    })
  })
}
