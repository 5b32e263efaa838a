import { createServer } from 'node:http'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Client } from '../../src/service/client.ts'
import { createLimits } from '../../src/service/limits/limits.ts'
import { createSchedule } from '../../src/service/limits/retry.ts'
import type { ApiFailure } from '../../src/service/http.ts'
import { systemClock } from '../../src/system/clock.ts'
import { createFetch } from '../../src/system/fetch.ts'
import { listen } from '../support/listen.ts'
import { fastClock } from '../system/fast-clock.ts'
import { manualClock, slowFetch } from '../system/manual-clock.ts'
import { clientOf, KEY } from './client-of.ts'
import { closedPort, sendJson, startServer, type TestServer } from './server.ts'

const BODY = { image_url: 'data:image/png;base64,AAAA', ai_model: 'latest' }

function patientClient(baseUrl: string): Client {
  const clock = fastClock(100)
  const limits = createLimits({ requestsPerSecond: 100, concurrency: 8, clock })
  const schedule = createSchedule({ limits, clock, random: () => 0 })
  return clientOf(baseUrl, { clock, schedule })
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('the call succeeded'),
    (error: unknown) => error as { code: string; message: string; details: ApiFailure },
  )

describe('createClient', () => {
  it('submits with the key, and gives the id of the task', async () => {
    const server = await startServer((_, response) => sendJson(response, 202, { result: 'task-1' }))

    expect(await clientOf(server.url).create('image-to-3d', BODY)).toEqual({ id: 'task-1', named: false })
    expect(server.seen).toMatchObject([
      { method: 'POST', url: '/openapi/v1/image-to-3d', headers: { authorization: `Bearer ${KEY}` } },
    ])
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual(BODY)
  })

  it('keeps the path of the base URL', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, { result: 't' }))

    await clientOf(`${server.url}/gateway/`).create('multi-image-to-3d', {})

    expect(server.seen[0]?.url).toBe('/gateway/openapi/v1/multi-image-to-3d')
  })

  it.each([
    [400, 'MESHY_API_REJECTED', 'refused'],
    [401, 'MESHY_AUTH_REJECTED', 'refused'],
    [402, 'MESHY_CREDITS_EXHAUSTED', 'refused'],
    [403, 'MESHY_API_FORBIDDEN', 'refused'],
    [404, 'MESHY_API_NOT_FOUND', 'refused'],
    [408, 'MESHY_API_REJECTED', 'unknown'],
    [409, 'MESHY_API_REJECTED', 'refused'],
    [413, 'MESHY_API_REJECTED', 'refused'],
    [418, 'MESHY_API_REJECTED', 'refused'],
    [422, 'MESHY_API_REJECTED', 'refused'],
    [429, 'MESHY_API_RATE_LIMITED', 'refused'],
    [500, 'MESHY_API_SERVER', 'unknown'],
    [503, 'MESHY_API_SERVER', 'unknown'],
    [504, 'MESHY_API_SERVER', 'unknown'],
  ])('throws for %i', async (status, code, outcome) => {
    const server = await startServer((_, response) =>
      sendJson(response, status, { message: 'The reason' }, { 'x-request-id': 'r-1' }),
    )

    const error = await failureOf(clientOf(server.url).create('image-to-3d', BODY))

    expect(error).toMatchObject({ code, details: { method: 'POST', status, outcome, requestId: 'r-1' } })
    expect(error.message).toContain('The reason')
  })

  it.each([
    ['RateLimitExceeded', 'MESHY_API_RATE_LIMITED', 'rate'],
    ['You sent too many: ratelimitexceeded.', 'MESHY_API_RATE_LIMITED', 'rate'],
    ['NoMoreConcurrentTasks', 'MESHY_API_QUEUE_FULL', 'queue'],
    ['Sorry, NOMOREPENDINGTASKS: please upgrade.', 'MESHY_API_QUEUE_FULL', 'queue'],
    ['', 'MESHY_API_RATE_LIMITED', 'rate'],
  ])('tells the kinds of 429 apart by %j', async (message, code, limit) => {
    const server = await startServer((_, response) => sendJson(response, 429, { message }))

    expect(await failureOf(clientOf(server.url).create('image-to-3d', BODY))).toMatchObject({
      code,
      details: { limit, outcome: 'refused' },
    })
  })

  it('reads how long to wait', async () => {
    const server = await startServer((_, response) => sendJson(response, 429, {}, { 'retry-after': '7' }))

    const error = await failureOf(clientOf(server.url).retrieve('image-to-3d', 'a'))

    expect(error.details.retryAfterMs).toBe(7000)
  })

  it.each([
    ['<!doctype html><title>Blocked</title>', 'HTML page'],
    ['', 'not JSON'],
    ['{"result":', 'not JSON'],
    ['{}', 'no task id'],
    ['{"result":""}', 'no task id'],
    ['{"result":7}', 'no task id'],
    ['null', 'no task id'],
  ])('does not know whether a task was made when the answer is %j', async (body, problem) => {
    const server = await startServer((_, response) => void response.end(body))

    const error = await failureOf(clientOf(server.url).create('image-to-3d', BODY))

    expect(error).toMatchObject({ code: 'MESHY_API_BAD_RESPONSE', details: { outcome: 'unknown' } })
    expect(error.message).toContain(problem)
  })

  it('knows that nothing was sent when the connection is refused', async () => {
    const error = await failureOf(clientOf(await closedPort()).create('image-to-3d', BODY))

    expect(error).toMatchObject({ code: 'MESHY_API_NETWORK', details: { outcome: 'not-sent' } })
  })

  it.each([
    ['ENOTFOUND', { syscall: 'getaddrinfo' }, 'not-sent'],
    ['EAI_AGAIN', { syscall: 'getaddrinfo' }, 'not-sent'],
    ['ETIMEDOUT', { syscall: 'connect' }, 'not-sent'],
    ['ETIMEDOUT', { syscall: 'read' }, 'unknown'],
    ['UND_ERR_CONNECT_TIMEOUT', {}, 'not-sent'],
    ['CERT_HAS_EXPIRED', {}, 'not-sent'],
    ['ECONNRESET', { syscall: 'read' }, 'unknown'],
    ['EPIPE', { syscall: 'write' }, 'unknown'],
    ['UND_ERR_SOCKET', {}, 'unknown'],
  ])('knows by %s %j that a call was %s', async (code, more, outcome) => {
    const cause = Object.assign(new Error(`broken by ${KEY}`), { code, ...more })
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))

    const error = await failureOf(clientOf('https://api.test', { fetch }).create('image-to-3d', BODY))

    expect(error).toMatchObject({ code: 'MESHY_API_NETWORK', details: { outcome } })
    expect(inspect(error)).not.toContain(KEY)
  })

  it('needs every address to be refused to know that nothing was sent', async () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' })
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'read' })
    const fail = (errors: Error[]) => () =>
      Promise.reject(new TypeError('fetch failed', { cause: new AggregateError(errors) }))

    const both = await failureOf(clientOf('https://a.test', { fetch: fail([refused, refused]) }).balance())
    const one = await failureOf(clientOf('https://a.test', { fetch: fail([refused, reset]) }).balance())

    expect([both.details.outcome, one.details.outcome]).toEqual(['not-sent', 'unknown'])
  })

  it('does not know whether a task was made when the connection breaks', async () => {
    const server = await startServer((_, response) => response.destroy())

    expect(await failureOf(clientOf(server.url).create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'unknown' },
    })
  })

  it('knows that a proxy which refuses the way has passed nothing on', async () => {
    const proxy = await listen(
      createServer().on('connect', (_, socket) => void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')),
    )
    const throughProxy = createFetch({ env: { HTTPS_PROXY: proxy } })

    const client = clientOf('https://api.test', { fetch: throughProxy })

    expect(await failureOf(client.create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'not-sent' },
    })
  })

  it('ends soon where a proxy closes the connection instead of answering, and has passed nothing on', async () => {
    let asked = 0
    const proxy = await listen(
      createServer().on('connect', (_, socket) => {
        asked += 1
        socket.destroy()
      }),
    )
    const throughProxy = createFetch({ env: { HTTPS_PROXY: proxy } })

    const client = clientOf('https://api.test', { fetch: throughProxy })

    expect(await failureOf(client.create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'not-sent' },
    })
    expect(asked).toBe(1)
  })

  it('knows that nothing was sent on a connection that was never encrypted', async () => {
    const url = await listen(createServer().on('connection', (socket) => void socket.destroy()))

    const client = clientOf(url.replace('http:', 'https:'))

    expect(await failureOf(client.create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'not-sent' },
    })
  })

  it('does not know whether a task was made when the answer breaks off', async () => {
    const server = await startServer((_, response) => {
      response.writeHead(202, { 'content-length': '100' })
      response.write('{"result":')
      setImmediate(() => response.destroy())
    })

    expect(await failureOf(clientOf(server.url).create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'unknown' },
    })
  })

  it('does not wait without end for an answer that trickles', async () => {
    const clock = manualClock()
    const trickle = slowFetch({ clock, ms: 29_000, chunks: Array<string>(1_000).fill(' ') })

    await expect(clientOf('https://api.test', { clock, fetch: trickle }).balance()).rejects.toMatchObject({
      code: 'MESHY_API_NETWORK',
    })
    expect(clock.now()).toBeLessThan(400_000)
  })

  it('does not know whether a task was made when the server is silent', async () => {
    const server = await startServer(() => {})

    const client = clientOf(server.url, { clock: fastClock(100) })

    expect(await failureOf(client.create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_NETWORK',
      details: { outcome: 'unknown' },
    })
  })

  it('throws the reason of the signal when it is aborted', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const server = await startServer(() => stop.abort(reason))

    await expect(clientOf(server.url).create('image-to-3d', BODY, { signal: stop.signal })).rejects.toBe(
      reason,
    )
  })

  it.each([301, 302, 303, 307, 308])('never follows a redirect of %i with the key', async (status) => {
    const other = await startServer((_, response) => sendJson(response, 202, { result: 'stolen' }))
    const server = await startServer((_, response) => {
      response.writeHead(status, { location: `${other.url}/openapi/v1/image-to-3d` }).end()
    })

    const error = await failureOf(clientOf(server.url).create('image-to-3d', BODY))

    expect(error.code).toBe('MESHY_API_BAD_RESPONSE')
    expect(other.seen).toEqual([])
  })

  it('keeps the key out of errors when the server echoes it', async () => {
    const server = await startServer((request, response) =>
      sendJson(response, 401, { message: `Invalid API key ${request.headers.authorization}` }),
    )

    const error = await failureOf(clientOf(server.url).retrieve('image-to-3d', 'a'))

    expect(error.code).toBe('MESHY_AUTH_REJECTED')
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(KEY)
  })

  it.each(['', 'msy key', 'msy_key\n', 'msy_schlüssel'])(
    'rejects the key %j before anything is sent',
    (apiKey) => {
      expect(() => clientOf('https://api.meshy.ai', { apiKey })).toThrow(
        expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }),
      )
    },
  )

  it('asks for a key when there is none', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, {}))

    const client = clientOf(server.url, { apiKey: undefined })

    await expect(client.balance()).rejects.toMatchObject({ code: 'MESHY_AUTH_MISSING' })
    expect(server.seen).toEqual([])
  })

  it('submits once more without the name when the service refuses it', async () => {
    const server = await startServer((request, response) =>
      'name' in JSON.parse(request.body)
        ? sendJson(response, 400, { message: 'unknown field "name"' })
        : sendJson(response, 202, { result: 'task-1' }),
    )

    const created = await clientOf(server.url).create('image-to-3d', { ...BODY, name: 'meshy:abc' })

    expect(created).toEqual({ id: 'task-1', named: false })
    expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([{ ...BODY, name: 'meshy:abc' }, BODY])
  })

  it('submits once when a refusal is not about the name', async () => {
    const server = await startServer((_, response) => sendJson(response, 400, { message: 'Bad image_url' }))

    await failureOf(clientOf(server.url).create('image-to-3d', { ...BODY, name: 'meshy:abc' }))

    expect(server.seen).toHaveLength(1)
  })

  it.each([
    ['a/b?c#d', '/openapi/v1/image-to-3d/a%2Fb%3Fc%23d'],
    ['..', '/openapi/v1/image-to-3d/..%20'],
  ])('keeps the id %j one segment of the path', async (id, url) => {
    const server = await startServer((_, response) => sendJson(response, 200, { id: 'x', status: 'PENDING' }))

    expect((await clientOf(server.url).retrieve('image-to-3d', id)).id).toBe(id)
    expect(server.seen[0]?.url).toBe(url)
  })

  it('lists newest first, without what is no task', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 200, [7, { id: 'a', status: 'PENDING' }]),
    )

    const { value: task } = await clientOf(server.url).listAll('image-to-3d').next()

    expect(task).toMatchObject({ id: 'a', kind: 'image-to-3d', status: 'PENDING' })
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/openapi/v1/image-to-3d?page_num=1&page_size=50&sort_by=-created_at',
    ])
  })

  /** A service with tasks of these times, in the order in which it lists them. */
  async function startList(times: number[], longestPage: number): Promise<TestServer> {
    const server = await startServer((request, response) => {
      const query = new URL(request.url, server.url).searchParams
      const [page, size] = ['page_num', 'page_size'].map((name) => Number(query.get(name)))
      const length = Math.min(size ?? 0, longestPage)
      const tasks = times.map((ms, index) => ({ id: `t${index}`, created_at: 1_700_000_000_000 + ms }))
      sendJson(response, 200, tasks.slice(((page ?? 1) - 1) * length, (page ?? 1) * length))
    })
    return server
  }
  const descending = Array.from({ length: 45 }, (_, index) => 1_000 - index)

  it.each([
    ['whose pages are shorter than requested, to its end', { times: descending, page: 20, since: 0 }, 45, 4],
    ['whose last page is as long as all others', { times: descending, page: 15, since: 0 }, 45, 6],
    ['with one page, whose last tasks are older', { times: descending, page: 50, since: 960 }, 41, 1],
    ['with short pages, until tasks are older', { times: descending, page: 20, since: 985 }, 16, 1],
    ['with an odd time before the newest', { times: [1, 2_000, ...descending], page: 20, since: 986 }, 16, 1],
    ['with an odd time at the end of a page', { times: descending.with(9, 1), page: 10, since: 985 }, 15, 2],
    ['that has the oldest first', { times: descending.toReversed(), page: 50, since: 985 }, 16, 2],
    ['of the same moment', { times: [...Array<number>(30).fill(1), 1_000], page: 10, since: 985 }, 1, 4],
  ])('lists all tasks since a time from a list %s', async (_, { times, page, since }, count, requests) => {
    const server = await startList(times, page)
    const range = { since: () => 1_700_000_000_000 + since }

    let found = 0
    for await (const { id } of clientOf(server.url).listAll('image-to-3d', range)) found += id ? 1 : 0

    expect([found, server.seen.length]).toEqual([count, requests])
  })

  it('lists page by page until one is not full, each task once', async () => {
    const ids = ['d', 'c', 'c', 'b', 'a']
    const server = await startServer((request, response) => {
      const page = Number(new URL(request.url, server.url).searchParams.get('page_num'))
      sendJson(
        response,
        200,
        ids.slice(page * 2 - 2, page * 2).map((id) => ({ id, status: 'SUCCEEDED' })),
      )
    })

    const found: string[] = []
    for await (const { id } of clientOf(server.url).listAll('image-to-3d', { pageSize: 2 })) found.push(id)

    expect(found).toEqual(['d', 'c', 'b', 'a'])
    expect(server.seen).toHaveLength(3)
  })

  it('stops listing when the reader has what it wants, or the server repeats itself', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, [{ id: 'a' }, { id: 'b' }]))
    const client = clientOf(server.url)

    await client.listAll('image-to-3d', { pageSize: 2 }).next()
    expect(server.seen).toHaveLength(1)

    const found: string[] = []
    for await (const { id } of client.listAll('image-to-3d', { pageSize: 2 })) found.push(id)
    expect(found).toEqual(['a', 'b'])
    expect(server.seen).toHaveLength(3)
  })

  it.each([
    ['ends', 'tasks without a time', {}, 500],
    ['gives up', 'new tasks on each page', { created_at: 1_700_000_000_000 }, 'MESHY_API_BAD_RESPONSE'],
  ])('%s when a listing has %s for ever', async (_ends, _what, times, end) => {
    let count = 0
    const page = () => Array.from({ length: 50 }, () => ({ id: `task-${count++}`, ...times }))
    const server = await startServer((_, response) => sendJson(response, 200, page()))

    const readAll = async () => {
      let found = 0
      for await (const { id } of clientOf(server.url).listAll('image-to-3d')) found += id ? 1 : 0
      return found
    }

    expect(await readAll().catch((error: { code: string }) => error.code)).toBe(end)
  })

  it('deletes when the answer has no body', async () => {
    const server = await startServer((_, response) => void response.end())

    await clientOf(server.url).remove('image-to-3d', 'a')

    expect(server.seen).toMatchObject([{ method: 'DELETE', url: '/openapi/v1/image-to-3d/a' }])
  })

  it.each([
    [200, { balance: 970 }, 970],
    [404, { message: 'NoMatchingRoute' }, undefined],
  ])('reads a balance from %i', async (status, body, balance) => {
    const server = await startServer((_, response) => sendJson(response, status, body))

    expect(await clientOf(server.url).balance()).toBe(balance)
  })

  it('knows the clock of the server after an answer', async () => {
    const theirs = Date.parse('2020-01-01T00:00:00Z')
    const server = await startServer((_, response) =>
      sendJson(response, 200, { balance: 1 }, { date: new Date(theirs).toUTCString() }),
    )
    const clock = { ...systemClock, now: () => 5000 }

    const client = clientOf(server.url, { clock })
    expect(client.serverNow()).toBeUndefined()
    await client.balance()

    expect(client.serverNow()).toBe(theirs)
  })

  it('logs calls without query and key', async () => {
    const lines: string[] = []
    const server = await startServer((_, response) => sendJson(response, 200, []))

    await clientOf(server.url, { log: (line) => lines.push(line) })
      .listAll('image-to-3d')
      .next()

    expect(lines).toEqual(['GET /openapi/v1/image-to-3d 200'])
  })
})

describe('createClient with the queue', () => {
  it('reads again after a reset, a 503 and a refusal for haste', async () => {
    const server = await startServer((_, response, count) => {
      if (count === 1) response.destroy()
      else if (count === 2) sendJson(response, 503, {})
      else if (count === 3) sendJson(response, 429, { message: 'RateLimitExceeded' }, { 'retry-after': '1' })
      else sendJson(response, 200, { balance: 5 })
    })

    expect(await patientClient(server.url).balance()).toBe(5)
    expect(server.seen).toHaveLength(4)
  })

  it('submits again only when the service said that it came too fast', async () => {
    const server = await startServer((_, response, count) => {
      if (count === 1) sendJson(response, 429, { message: 'RateLimitExceeded' })
      else sendJson(response, 500, {})
    })

    expect(await failureOf(patientClient(server.url).create('image-to-3d', BODY))).toMatchObject({
      code: 'MESHY_API_SERVER',
      details: { outcome: 'unknown' },
    })
    expect(server.seen).toHaveLength(2)
  })

  it('gives up reading in the end', async () => {
    const server = await startServer((_, response) => sendJson(response, 502, {}))

    await expect(patientClient(server.url).balance()).rejects.toMatchObject({ code: 'MESHY_API_SERVER' })
    expect(server.seen).toHaveLength(5)
  })

  it.each([400, 401, 402, 403, 404, 422])('reads once when the answer is %i', async (status) => {
    const server = await startServer((_, response) => sendJson(response, status, {}))

    await failureOf(patientClient(server.url).retrieve('image-to-3d', 'a'))

    expect(server.seen).toHaveLength(1)
  })
})
