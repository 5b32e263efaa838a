import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createExchange, type StoreRequest } from '../../../src/store/shared/ask-store.ts'
import { createFetch, type Fetch } from '../../../src/system/fetch.ts'
import { listen } from '../../support/listen.ts'

const serve = async (answer: Parameters<typeof listen>[0]) => new URL(`${await listen(answer)}/cas/1`)

const noFetch: Fetch = () => Promise.reject(new Error('No fetch was to be made'))
const never = new AbortController().signal
const get = (url: URL): StoreRequest => ({ method: 'GET', url, headers: { authorization: 'Bearer secret' } })

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('createExchange', () => {
  it('reads a file without fetch, as a client that says what it is', async () => {
    const url = await serve(({ headers }, response) => {
      response.writeHead(200, { 'retry-after': '7' }).end(JSON.stringify(headers))
    })

    const { status, headers, bytes } = await createExchange({ fetch: noFetch, env: {} })(get(url), never)

    expect([status, headers.get('retry-after'), headers.get('location')]).toEqual([200, '7', null])
    const sent = JSON.parse(await textOf(bytes)) as object
    expect(sent).toMatchObject({ accept: '*/*', authorization: 'Bearer secret', 'user-agent': 'node' })
  })

  it('goes through a proxy where there is one, but never to this machine itself', async () => {
    const asked: string[] = []
    const fetch: Fetch = async (input) => {
      asked.push(String(input))
      return new Response('by proxy')
    }
    const env = { HTTPS_PROXY: 'http://proxy.example:3128' }
    const url = await serve((_, response) => response.end('directly'))
    const exchange = createExchange({ fetch, env })

    const far = await exchange(get(new URL('https://store.example/cas/1')), never)
    const near = await exchange(get(url), never)

    expect([await textOf(far.bytes), await textOf(near.bytes)]).toEqual(['by proxy', 'directly'])
    expect(asked).toEqual(['https://store.example/cas/1'])
  })

  it.each([
    ['bytes', () => Buffer.from('model')],
    ['a stream', () => new Blob(['model']).stream()],
  ])(
    'writes %s of a told length where somebody else has loaded undici, as it does behind a proxy',
    async (_, body) => {
      const usual = getGlobalDispatcher()
      setGlobalDispatcher(new Agent())
      onTestFinished(() => setGlobalDispatcher(usual))
      const url = await serve((request, response) => response.end(request.headers['content-length']))
      const put = { method: 'PUT' as const, url, headers: { 'content-length': '5' }, body: body() }

      const { status, bytes } = await createExchange({ fetch: globalThis.fetch, env: {} })(put, never)

      expect([status, await textOf(bytes)]).toEqual([200, '5'])
    },
  )

  it('reads what comes compressed though nobody asked for that', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a model'))
    })
    const exchange = createExchange({ fetch: createFetch({ env: {} }), env: {} })

    expect(await textOf((await exchange(get(url), never)).bytes)).toBe('a model')
  })

  it('fails when its time is up, within an answer and before one', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
    })
    const stop = new AbortController()
    const exchange = createExchange({ fetch: noFetch, env: {} })
    const { bytes } = await exchange(get(url), stop.signal)
    const pieces = bytes[Symbol.asyncIterator]()
    await pieces.next()

    stop.abort()

    await expect(pieces.next()).rejects.toThrow()
    await expect(exchange(get(url), stop.signal)).rejects.toThrow()
  })

  it('closes the connection of an answer that nobody has read', async () => {
    const closed: Promise<unknown>[] = []
    const url = await serve(({ socket }, response) => {
      closed.push(once(socket, 'close'))
      response.writeHead(302, { location: '/elsewhere' }).write('a long page')
    })

    const stop = new AbortController()
    await createExchange({ fetch: noFetch, env: {} })(get(url), stop.signal)

    stop.abort()

    await expect(Promise.all(closed)).resolves.toHaveLength(1)
  })

  it('writes by fetch', async () => {
    const url = await serve(async (request, response) => {
      response.end(`${request.method} ${await textOf(request)}`)
    })
    const exchange = createExchange({ fetch: createFetch({ env: {} }), env: {} })

    const reply = await exchange({ method: 'PUT', url, headers: {}, body: Buffer.from('a model') }, never)

    expect(await textOf(reply.bytes)).toBe('PUT a model')
  })

  it.each(['identity', 'aws-chunked'])(
    'reads what is named `%s` as it is, without fetch',
    async (encoding) => {
      const url = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end('a model')
      })

      const { bytes } = await createExchange({ fetch: noFetch, env: {} })(get(url), never)

      expect(await textOf(bytes)).toBe('a model')
    },
  )

  it('fails at an answer that changes the protocol', async () => {
    const server = createServer()
    server.on('connection', (socket) => {
      socket.on('data', () =>
        socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      )
      socket.on('error', () => socket.destroy())
    })
    const url = await serve(server)

    await expect(createExchange({ fetch: noFetch, env: {} })(get(url), never)).rejects.toThrow(
      'closed without an answer',
    )
  })
})
