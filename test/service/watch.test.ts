import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { FileRole } from '../../src/request/files.ts'
import type { Task, TaskError } from '../../src/service/task.ts'
import { watchTask } from '../../src/service/watch.ts'
import type { Clock } from '../../src/system/clock.ts'
import type { Fetch } from '../../src/system/fetch.ts'
import { fastClock } from '../system/fast-clock.ts'
import { manualClock, slowFetch } from '../system/manual-clock.ts'
import { clientOf } from './client-of.ts'
import { sendJson, startServer } from './server.ts'
import type { Handler, TestServer } from './server.ts'

const ID = 'task-1'
const GLB = 'https://assets.test/model.glb?Signature=secret'
const running = (progress: number) => ({ id: ID, progress, status: 'IN_PROGRESS' })
const done = { id: ID, progress: 100, status: 'SUCCEEDED', model_urls: { glb: GLB } }
const bare = { id: ID, progress: 100, status: 'SUCCEEDED' }
const MINUTES = 60_000

const event = (value: unknown, name = 'message') => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`

/** Serves a task: its stream by `stream`, and its states, one per read; the last one stays. */
function serveTask(
  stream: (response: ServerResponse) => void,
  states: unknown[] = [done],
): Promise<TestServer> {
  let reads = 0
  return startServer((request, response) => {
    if (request.url.endsWith('/stream')) {
      stream(response)
      return
    }
    sendJson(response, 200, states[Math.min(reads, states.length - 1)])
    reads += 1
  })
}

const sse = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })
const noStream = (response: ServerResponse) => sendJson(response, 404, { message: 'NoMatchingRoute' })

interface Watched {
  task: Promise<Task>
  progress: number[]
  log: string[]
}

function watch(
  server: TestServer,
  { clock = fastClock(50), timeoutMs = 20 * MINUTES, signal, extras }: WatchInit = {},
): Watched {
  const progress: number[] = []
  const log: string[] = []
  const task = watchTask(clientOf(server.url, { clock }), 'image-to-3d', ID, {
    clock,
    timeoutMs,
    signal,
    extras,
    onProgress: (heard) => progress.push(heard.progress),
    log: (line) => log.push(line),
  })
  return { task, progress, log }
}

interface WatchInit {
  clock?: Clock
  timeoutMs?: number
  signal?: AbortSignal
  extras?: readonly FileRole[]
}

const pathsOf = (server: TestServer) =>
  server.seen.map(({ url }) => url.replace('/openapi/v1/image-to-3d/', ''))

describe('watchTask', () => {
  it('needs no read when the stream tells the end, and closes a stream that the server keeps open', async () => {
    let markClosed = () => {}
    const closed = new Promise<void>((resolve) => (markClosed = resolve))
    const server = await serveTask((response) => {
      response.on('close', () => markClosed())
      sse(response).write(event(running(0)) + event(running(50)) + event(done))
    })

    const { task, progress } = watch(server)

    expect(await task).toMatchObject({ id: ID, status: 'SUCCEEDED', urls: { glb: GLB } })
    expect(progress).toEqual([0, 50, 100])
    await closed
    expect(pathsOf(server)).toEqual(['task-1/stream'])
  })

  it('reads once when the last event has no addresses', async () => {
    const server = await serveTask((response) => void sse(response).end(event(bare)))

    expect((await watch(server).task).urls.glb).toBe(GLB)
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1'])
  })

  it('reads once when the last event lacks a file that is wanted', async () => {
    const fbx = 'https://assets.test/model.fbx'
    const whole = { ...done, model_urls: { glb: GLB, fbx } }
    const server = await serveTask((response) => void sse(response).end(event(done)), [whole])

    expect((await watch(server, { extras: ['fbx'] }).task).urls.fbx).toBe(fbx)
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1'])
  })

  it.each([
    [
      'CRLF, a comment, a BOM and unknown fields',
      `\uFEFF: hello\r\nretry: soon\r\nfoo: bar\r\ndata:${JSON.stringify(done)}\r\n\r\n`,
    ],
    [
      'data in several lines',
      'data: {"id":"task-1","status":"SUCCEEDED",\ndata: "model_urls":{"glb":"https://assets.test/model.glb?Signature=secret"}}\n\n',
    ],
    ['a garbage event after the last one', `${event(done)}data: what?\n\n`],
    ['no id in the event', event({ ...done, id: undefined })],
  ])('understands a stream with %s', async (_, text) => {
    const server = await serveTask((response) => void sse(response).end(text))

    expect(await watch(server).task).toMatchObject({ id: ID, urls: { glb: GLB } })
    expect(pathsOf(server)).toEqual(['task-1/stream'])
  })

  it('understands events that come in single bytes', async () => {
    const server = await serveTask((response) => {
      sse(response)
      const bytes = [...Buffer.from(event({ ...done, name: 'é漢' }))]
      const next = () => {
        const byte = bytes.shift()
        if (byte !== undefined) response.write(Buffer.of(byte), next)
      }
      next()
    })

    expect((await watch(server).task).name).toBe('é漢')
  })

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['the route does not exist', 'no stream (MESHY_API_NOT_FOUND)', noStream],
    [
      'the method is not allowed',
      'no stream (MESHY_API_REJECTED)',
      (response) => sendJson(response, 405, {}),
    ],
    [
      'streams are not implemented',
      'no stream (MESHY_API_SERVER)',
      (response) => sendJson(response, 501, {}),
    ],
    [
      'requests come too fast',
      'no stream (MESHY_API_RATE_LIMITED)',
      (response) => sendJson(response, 429, {}),
    ],
    ['the answer is JSON', 'no stream (MESHY_API_BAD_RESPONSE)', (response) => sendJson(response, 200, done)],
    ['the answer is a page', 'no stream (MESHY_API_BAD_RESPONSE)', (response) => void response.end('<html>')],
    [
      'the stream ends early',
      'the stream ended early',
      (response) => void sse(response).end(event(running(3))),
    ],
    [
      'the stream ends inside an event',
      'the stream ended early',
      (response) => void sse(response).end(event(done).slice(0, -1)),
    ],
    [
      'the stream breaks',
      'no stream (MESHY_API_NETWORK)',
      (response) => void sse(response).write(event(running(3)), () => response.destroy()),
    ],
    [
      'the stream holds garbage',
      'no stream (MESHY_API_BAD_RESPONSE)',
      (response) => void sse(response).write('data: }{\n\n'),
    ],
    [
      'the stream holds the JSON of the reference in several lines',
      'no stream (MESHY_API_BAD_RESPONSE)',
      (response) => void sse(response).write(`data: ${JSON.stringify(done, null, 2)}\n\n`),
    ],
    [
      'the stream holds another thing',
      'no stream (MESHY_API_BAD_RESPONSE)',
      (response) => void sse(response).write('data: {"hello":1}\n\n'),
    ],
    [
      'an event is too large',
      'no stream (MESHY_API_BAD_RESPONSE)',
      (response) => void sse(response).write(`data: ${'x'.repeat(2 ** 21)}`),
    ],
    [
      'an error comes after 200',
      'the stream ended early',
      (response) => void sse(response).write(event({ status_code: 500, message: 'Oops' }, 'error')),
    ],
    [
      'the error is no JSON',
      'the stream ended early',
      (response) => void sse(response).write('event: error\ndata: oops\n\n'),
    ],
    ['nothing comes at all', 'no stream (MESHY_API_NETWORK)', () => {}],
    ['no event comes', 'no stream (MESHY_API_NETWORK)', (response) => void sse(response).write('\n')],
  ])('polls when %s', async (_, story, stream) => {
    const server = await serveTask(stream, [running(10), running(95), done])

    const { task, progress, log } = watch(server)

    expect((await task).urls.glb).toBe(GLB)
    expect(progress.slice(-3)).toEqual([10, 95, 100])
    expect(log).toEqual([`task task-1: ${story}, polling`])
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1', 'task-1', 'task-1'])
  })

  it('endures a stream of any length as long as bytes come', async () => {
    const clock = manualClock()
    const chunks = [...Array<string>(9).fill(event(running(50))), ': alive\n\n', ': alive\n\n', event(done)]
    const stream = slowFetch({ clock, ms: 59_000, chunks, headers: { 'content-type': 'text/event-stream' } })
    const noPoll: Fetch = (input, init) => {
      expect(String(input)).toMatch(/\/stream$/)
      return stream(input, init)
    }

    const client = clientOf('https://api.test', { clock, fetch: noPoll })
    const task = await watchTask(client, 'image-to-3d', ID, { clock, timeoutMs: 20 * MINUTES })

    expect(task.status).toBe('SUCCEEDED')
  })

  it('polls when a stream only keeps itself alive', async () => {
    const clock = manualClock()
    const chunks = Array<string>(99).fill(': alive\n\n')
    const stream = slowFetch({ clock, ms: 50_000, chunks, headers: { 'content-type': 'text/event-stream' } })
    const either: Fetch = (input, init) =>
      String(input).endsWith('/stream') ? stream(input, init) : Promise.resolve(Response.json(done))

    const client = clientOf('https://api.test', { clock, fetch: either })
    await watchTask(client, 'image-to-3d', ID, { clock, timeoutMs: 20 * MINUTES })

    expect(clock.now()).toBe(200_000)
  })

  it('polls at growing distances', async () => {
    const pauses: number[] = []
    const clock: Clock = {
      now: () => 0,
      sleep: (ms, signal) => {
        // The watchdogs wait for good; only the pauses between reads pass.
        if (ms >= 30_000)
          return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
        pauses.push(ms)
        return Promise.resolve()
      },
    }
    const server = await serveTask(noStream, [...Array(7).fill(running(1)), done])

    await watch(server, { clock }).task

    expect(pauses).toEqual([3000, 4500, 6750, 10_125, 15_187.5, 20_000, 20_000])
  })

  it('is not finished when the status is unknown', async () => {
    const server = await serveTask(noStream, [
      { id: ID, status: 'SUCCEEDED_ALMOST' },
      { id: ID, status: null },
      done,
    ])

    expect((await watch(server).task).status).toBe('SUCCEEDED')
    expect(pathsOf(server)).toHaveLength(4)
  })

  it('polls on when the service is away for a while', async () => {
    const handle: Handler = (request, response, count) => {
      if (request.url.endsWith('/stream')) noStream(response)
      else if (count === 2) response.destroy()
      else if (count === 3) sendJson(response, 502, {})
      else if (count === 4) response.end('<html>')
      else if (count === 5) sendJson(response, 429, { message: 'RateLimitExceeded' })
      else sendJson(response, 200, done)
    }

    expect((await watch(await startServer(handle)).task).status).toBe('SUCCEEDED')
  })

  it('gives up when the service stays away', async () => {
    const server = await startServer((_, response) => sendJson(response, 503, {}))

    await expect(watch(server, { clock: fastClock(200) }).task).rejects.toMatchObject({
      code: 'MESHY_API_SERVER',
    })
  })

  it.each([401, 403, 400])('gives up at once when a read is answered with %i', async (status) => {
    const server = await startServer((_, response) => sendJson(response, status, {}))

    await expect(watch(server).task).rejects.toMatchObject({ details: { status } })
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1'])
  })

  it('tells an expired task from a missing stream', async () => {
    const server = await startServer((_, response) => sendJson(response, 404, { message: 'Task not found' }))

    await expect(watch(server).task).rejects.toMatchObject({
      code: 'MESHY_TASK_EXPIRED',
      details: { taskId: ID },
    })
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1', 'task-1', 'task-1'])
  })

  it('tells an expired task when the stream says so after 200', async () => {
    const server = await startServer((request, response) => {
      const error = { status_code: 404, message: 'Task not found' }
      if (request.url.endsWith('/stream')) sse(response).write(event(error, 'error'))
      else sendJson(response, 404, { message: 'Task not found' })
    })

    await expect(watch(server).task).rejects.toMatchObject({ code: 'MESHY_TASK_EXPIRED' })
  })

  it.each(['{"message":"NoMatchingRoute"}', '<!doctype html><h1>Not found</h1>'])(
    'does not take the task for expired when a 404 is about the route: %s',
    async (body) => {
      const server = await startServer((_, response) => void response.writeHead(404).end(body))

      await expect(watch(server).task).rejects.toMatchObject({ code: 'MESHY_API_NOT_FOUND' })
    },
  )

  it.each<[TaskError | undefined, boolean]>([
    [{ message: 'Several objects.', type: 'invalid_input', code: 'image_too_complex' }, false],
    [{ message: 'No.', type: 'server_error', code: 'moderation_blocked' }, false],
    [{ message: 'No.', type: 'moderation_blocked' }, false],
    [{ message: 'Took too long.', type: 'timeout' }, true],
    [{ message: 'Away.', type: 'service_unavailable' }, true],
    [{ message: 'Oops.', type: 'server_error' }, true],
    [{ message: 'Oops.', code: 'format_conversion_failed' }, true],
    [{ message: 'The server is busy. Please try again later.' }, true],
    [{ message: 'The picture shows nothing.' }, false],
    [{ message: '' }, false],
    [undefined, false],
  ])('throws why a task failed, %j, and whether one more try is worth it: %s', async (error, retryable) => {
    const failed = { id: ID, status: 'FAILED', task_error: error }
    const states = [{ ...failed, consumed_credits: 0 }]
    const server = await serveTask((response) => void sse(response).write(event(failed)), states)

    await expect(watch(server).task).rejects.toMatchObject({
      code: 'MESHY_TASK_FAILED',
      details: { taskId: ID, type: error?.type, code: error?.code, retryable },
    })
    expect(pathsOf(server)).toEqual(['task-1/stream', 'task-1'])
  })

  it('throws when a task was canceled', async () => {
    const server = await serveTask(noStream, [{ id: ID, status: 'CANCELED' }])

    await expect(watch(server).task).rejects.toMatchObject({ code: 'MESHY_TASK_CANCELED' })
  })

  it.each([bare, { ...bare, model_urls: { glb: '', fbx: 'https://a.test/m.fbx' } }])(
    'throws when a success has no model: %j',
    async (state) => {
      const server = await serveTask((response) => void sse(response).write(event(state)), [state])

      await expect(watch(server).task).rejects.toMatchObject({ code: 'MESHY_TASK_NO_MODEL' })
    },
  )

  it.each<[string, (response: ServerResponse) => void]>([
    ['streams', (response) => void sse(response).write(event(running(99)))],
    ['is polled', noStream],
  ])('throws when time is up while the task %s', async (_, stream) => {
    const server = await serveTask(stream, [running(99)])

    await expect(watch(server, { timeoutMs: 50_000 }).task).rejects.toMatchObject({
      code: 'MESHY_TASK_TIMEOUT',
      details: { taskId: ID, status: 'IN_PROGRESS', progress: 99 },
    })
  })

  it.each<[string, (response: ServerResponse, stop: () => void) => void]>([
    ['streams', (response, stop) => void sse(response).write(event(running(5)), stop)],
    [
      'is polled',
      (response, stop) => {
        noStream(response)
        setImmediate(stop)
      },
    ],
  ])('throws the reason of the signal when it is aborted while the task %s', async (_, stream) => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const server = await serveTask((response) => stream(response, () => stop.abort(reason)), [running(5)])

    await expect(watch(server, { signal: stop.signal }).task).rejects.toBe(reason)
  })

  it('logs no signed address', async () => {
    const server = await serveTask((response) => void sse(response).end(event(running(1))))

    const { task, log } = watch(server)
    await task

    expect(log).toEqual(['task task-1: the stream ended early, polling'])
  })
})
