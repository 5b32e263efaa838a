import { describe, expect, it } from 'vitest'
import {
  askStore,
  type StoreNetwork,
  type StoreQuestion,
  createExchange,
  type Exchange,
} from '../../../src/store/shared/ask-store.ts'
import type { Fault } from '../../../src/system/transfer.ts'
import { Fuse } from '../../../src/store/shared/open-team-store.ts'
import { readSmall } from '../../../src/store/shared/object-store.ts'
import { systemClock, type Clock } from '../../../src/system/clock.ts'
import { startServer } from '../../service/server.ts'
import { fastClock } from '../../system/fast-clock.ts'
import { manualClock } from '../../system/manual-clock.ts'

function ask(
  url: string,
  question: Partial<StoreQuestion<string>> = {},
  clock: Clock = systemClock,
  network: Partial<StoreNetwork> = {},
): Promise<string> {
  return askStore(
    { exchange: createExchange({ fetch: globalThis.fetch, env: {} }), clock, random: () => 0, ...network },
    {
      request: async () => ({
        method: 'GET',
        url: new URL(url),
        headers: { authorization: 'Bearer secret' },
      }),
      read: async ({ status, bytes }) => `${status} ${await readSmall(bytes, 1e6)}`,
      bytes: 10,
      ...question,
    },
  )
}

describe('askStore', () => {
  it.each([
    ['503 twice', [503, 503, 200]],
    ['429 once', [429, 200]],
  ])('asks again after %s', async (_, answers) => {
    const { url, seen } = await startServer((_request, response, count) => {
      response.writeHead(answers[count - 1] ?? 500).end('here')
    })

    expect(await ask(url)).toBe('200 here')
    expect(seen).toHaveLength(answers.length)
  })

  it('gives up after three answers of 500', async () => {
    const { url, seen } = await startServer((_request, response) => response.writeHead(500).end())

    await expect(ask(url)).rejects.toMatchObject({ kind: 'transient', message: 'answered 500' })
    expect(seen).toHaveLength(3)
  })

  it('asks again after a connection that broke within the bytes', async () => {
    const { url } = await startServer((_request, response, count) => {
      if (count > 1) response.end('whole')
      else response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy())
    })

    expect(await ask(url)).toBe('200 whole')
  })

  it('is through with a store that is silent after two waits', async () => {
    const { url, seen } = await startServer(() => undefined)

    await expect(ask(url, {}, fastClock(100))).rejects.toMatchObject({
      kind: 'slow',
      message: 'sent nothing for 10 seconds',
    })
    expect(seen).toHaveLength(2)
  })

  it('is through with a store that keeps sending, but far too slowly', async () => {
    const clock = manualClock()
    const exchange: Exchange = async (_, signal) => {
      async function* drip() {
        for (; ; signal.throwIfAborted()) {
          await clock.advance(9_000)
          yield Buffer.of(0)
        }
      }
      return { status: 200, headers: new Headers(), bytes: drip() }
    }

    await expect(
      ask('http://127.0.0.1', {}, clock, { exchange, mayRepeat: () => false }),
    ).rejects.toMatchObject({ kind: 'slow', message: 'was too slow' })
    expect(clock.now()).toBe(27_000)
  })

  it('waits for a silent store four times in all, until three questions in a row have failed', async () => {
    const { url, seen } = await startServer(() => undefined)
    const fuse = new Fuse()
    const repeating = { mayRepeat: (fault: Fault) => fuse.mayRepeat(fault) }
    const question = () => fuse.guard(() => ask(url, {}, fastClock(100), repeating))

    for (let count = 0; count < 4; count += 1)
      await expect(question()).rejects.toMatchObject({ kind: 'slow' })

    expect(seen).toHaveLength(4)
  })

  it('says which host cannot be reached, without its address', async () => {
    await expect(ask('http://127.0.0.1:1/?secret=1')).rejects.toMatchObject({
      kind: 'transient',
      message: expect.not.stringContaining('secret') as string,
    })
  })

  it('follows a redirect of a read without credentials', async () => {
    const target = await startServer((_request, response) => response.end('elsewhere'))
    const { url, seen } = await startServer((_request, response) =>
      response.writeHead(302, { location: target.url }).end(),
    )

    expect(await ask(url)).toBe('200 elsewhere')
    expect([...seen, ...target.seen].map(({ headers }) => headers.authorization)).toEqual([
      'Bearer secret',
      undefined,
    ])
  })

  it('does not follow a redirect of a write', async () => {
    const { url, seen } = await startServer((_request, response) =>
      response.writeHead(307, { location: '/x' }).end(),
    )
    const request = async () =>
      ({ method: 'PUT', url: new URL(url), headers: {}, body: Buffer.from('x') }) as const

    await expect(ask(url, { request })).rejects.toMatchObject({ kind: 'refused' })
    expect(seen).toHaveLength(1)
  })

  it('fails when its time was up before all that had come was handed on', async () => {
    const { url } = await startServer((_request, response) => response.end('here'))
    const stop = new AbortController()
    const read: StoreQuestion<string>['read'] = ({ bytes }) => {
      stop.abort(new Error('too late'))
      return readSmall(bytes, 1e6)
    }

    await expect(ask(url, { signal: stop.signal, read })).rejects.toThrow('too late')
  })
})
