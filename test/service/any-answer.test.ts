import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'
import { clientOf } from './client-of.ts'
import { taskWireSchema } from './task-wire.ts'
import { parseTask } from '../../src/service/task.ts'
import { watchTask } from '../../src/service/watch.ts'
import type { Clock } from '../../src/system/clock.ts'

/** Time in which pauses pass at once, and in which a watchdog never barks. */
const timeless: Clock = {
  now: () => 0,
  sleep: (ms, signal) =>
    ms < 30_000
      ? Promise.resolve()
      : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
}

const fields = Object.keys(taskWireSchema.shape)
const status = fc.constantFrom(
  'PENDING',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'succeeded',
  7,
  null,
)
/** Tasks in which every field may be anything, and which often come near to a real one. */
const nearTask = fc
  .record({
    task: fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()),
    status: fc.option(status, { nil: undefined }),
    urls: fc.option(fc.dictionary(fc.constantFrom('glb', 'fbx'), fc.jsonValue()), { nil: undefined }),
  })
  .map(({ task, ...more }) => {
    const known = Object.entries({ status: more.status, model_urls: more.urls })
    return Object.assign(task, Object.fromEntries(known.filter(([, value]) => value !== undefined)))
  })
const answer = fc.oneof(nearTask, fc.jsonValue())

const expectCode = (error: unknown) => expect(isMeshyError(error), String(error)).toBe(true)

describe('parseTask', () => {
  it('reads or rejects any JSON without a crash', () => {
    fc.assert(
      fc.property(answer, (value) => {
        const task = parseTask(value, 'asked')
        if (task) expect(task.progress >= 0 && task.progress <= 100).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('watchTask', () => {
  it('ends in a task with a model, or with a code, whatever stream and reads say', async () => {
    const answers = fc.record({
      stream: fc.oneof(
        fc.string(),
        answer.map((value) => `data: ${JSON.stringify(value)}\n\n`),
      ),
      isStream: fc.boolean(),
      code: fc.constantFrom(200, 200, 200, 404, 500),
      reads: fc.array(
        fc.oneof(
          answer.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        { maxLength: 3 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(answers, async ({ stream, isStream, code, reads }) => {
        const last = JSON.stringify({ id: 'a', status: 'FAILED' })
        const fetch = (input: unknown) => {
          if (!String(input).endsWith('/stream')) return Promise.resolve(new Response(reads.shift() ?? last))
          const headers = { 'content-type': isStream ? 'text/event-stream' : 'application/json' }
          return Promise.resolve(new Response(stream, { status: code, headers }))
        }
        const client = clientOf('https://api.test', { fetch, clock: timeless })

        try {
          const task = await watchTask(client, 'image-to-3d', 'a', { clock: timeless, timeoutMs: 60_000 })
          expect(task).toMatchObject({ status: 'SUCCEEDED', urls: { glb: expect.any(String) } })
        } catch (error) {
          expectCode(error)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('createClient', () => {
  it('ends in a value or a code, whatever the answer is', async () => {
    const anyBody = fc.oneof(
      fc.string(),
      answer.map((value) => JSON.stringify(value)),
    )
    const anyStatus = fc.constantFrom(200, 202, 204, 302, 400, 401, 402, 404, 418, 429, 500)
    await fc.assert(
      fc.asyncProperty(anyBody, anyStatus, async (body, status) => {
        const fetch = () => Promise.resolve(new Response(status === 204 ? null : body, { status }))
        const client = clientOf('https://api.test', { fetch, clock: timeless })
        const calls = await Promise.allSettled([
          client.create('image-to-3d', { name: 'x' }),
          client.retrieve('image-to-3d', 'a'),
          client.listAll('multi-image-to-3d').next(),
          client.remove('image-to-3d', 'a'),
          client.balance(),
        ])

        for (const call of calls) if (call.status === 'rejected') expectCode(call.reason)
      }),
      { numRuns: 1000 },
    )
  })
})
