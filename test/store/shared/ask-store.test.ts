import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { askStore, type StoreNetwork, type StoreQuestion } from '../../../src/store/shared/ask-store.ts'
import { createExchange } from '../../../src/store/shared/exchange.ts'
import type { Fault } from '../../../src/system/transfer.ts'
import { Fuse } from '../../../src/store/shared/fuse.ts'
import { readSmall } from '../../../src/store/shared/object-store.ts'
import { systemClock, type Clock } from '../../../src/system/clock.ts'

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A clock on which a second takes 10 milliseconds. */
const fastClock: Clock = {
  now: () => Date.now() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
}

function ask(
  url: string,
  question: Partial<StoreQuestion<string>> = {},
  clock: Clock = systemClock,
  network: Pick<StoreNetwork, 'mayRepeat'> = {},
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
    ['503 twice', (attempt: number) => (attempt < 3 ? 503 : 200), 3],
    ['429 once', (attempt: number) => (attempt < 2 ? 429 : 200), 2],
  ])('asks again after %s', async (_, statusOf, attempts) => {
    let asked = 0
    const url = await listen((_request, response) => {
      asked += 1
      response.writeHead(statusOf(asked)).end('here')
    })

    expect(await ask(url)).toBe('200 here')
    expect(asked).toBe(attempts)
  })

  it('gives up after three answers of 500', async () => {
    let asked = 0
    const url = await listen((_request, response) => {
      asked += 1
      response.writeHead(500).end()
    })

    await expect(ask(url)).rejects.toMatchObject({ kind: 'transient', message: 'answered 500' })
    expect(asked).toBe(3)
  })

  it('asks again after a connection that broke within the bytes', async () => {
    let asked = 0
    const url = await listen((_request, response) => {
      asked += 1
      if (asked > 1) return response.end('whole')
      response.writeHead(200, { 'content-length': '100' })
      return response.write('half', () => response.destroy())
    })

    expect(await ask(url)).toBe('200 whole')
  })

  it('is through with a store that is silent after two waits', async () => {
    let asked = 0
    const url = await listen(() => {
      asked += 1
    })

    await expect(ask(url, {}, fastClock)).rejects.toMatchObject({ kind: 'slow' })
    expect(asked).toBe(2)
  })

  it('waits for a silent store four times in all, until three questions in a row have failed', async () => {
    let asked = 0
    const url = await listen(() => {
      asked += 1
    })
    const fuse = new Fuse()
    const repeating = { mayRepeat: (fault: Fault) => fuse.mayRepeat(fault) }
    const question = () => fuse.guard(() => ask(url, {}, fastClock, repeating))

    for (let count = 0; count < 4; count += 1)
      await expect(question()).rejects.toMatchObject({ kind: 'slow' })

    expect(asked).toBe(4)
  })

  it('says which host cannot be reached, without its address', async () => {
    await expect(ask('http://127.0.0.1:1/?secret=1')).rejects.toMatchObject({
      kind: 'transient',
      message: expect.not.stringContaining('secret') as string,
    })
  })

  it('follows a redirect of a read without credentials', async () => {
    const seen: (string | undefined)[] = []
    const target = await listen((request, response) => {
      seen.push(request.headers.authorization)
      response.end('elsewhere')
    })
    const url = await listen((_request, response) => response.writeHead(302, { location: target }).end())

    expect(await ask(url)).toBe('200 elsewhere')
    expect(seen).toEqual([undefined])
  })

  it('does not follow a redirect of a write', async () => {
    const url = await listen((_request, response) => response.writeHead(307, { location: '/x' }).end())
    const request = async () =>
      ({ method: 'PUT', url: new URL(url), headers: {}, body: Buffer.from('x') }) as const

    await expect(ask(url, { request })).rejects.toMatchObject({ kind: 'refused' })
  })

  it('fails when its time was up before all that had come was handed on', async () => {
    const url = await listen((_request, response) => response.end('here'))
    const stop = new AbortController()
    let asked = 0
    const read = async ({ bytes }: { bytes: AsyncIterable<Uint8Array> }) => {
      asked += 1
      if (asked === 1) stop.abort(new Error('too late'))
      return readSmall(bytes, 1e6)
    }

    await expect(
      ask(url, { signal: stop.signal, read: async (answer) => String(await read(answer)) }),
    ).rejects.toThrow()
  })
})
