import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Readable, Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MeshyError } from '../../src/system/errors.ts'
import { download } from '../../src/service/download.ts'
import type { DownloadOptions } from '../../src/service/download.ts'
import type { Fetch } from '../../src/system/fetch.ts'
import { fastClock } from '../system/fast-clock.ts'
import { manualClock, slowFetch } from '../system/manual-clock.ts'
import { closedPort, startServer } from './server.ts'

const FILE = Buffer.from('glTF, two, and the rest of the model')
const DIGEST = createHash('sha256').update(FILE).digest('hex')

const digestSink: DownloadOptions<string>['sink'] = async (bytes) => {
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

function fetchTo<T = string>(url: string, options: Partial<DownloadOptions<T>> = {}): Promise<T> {
  return download(url, {
    toldBy: 'http://127.0.0.1:1',
    fetch,
    clock: fastClock(50),
    // The caller names T together with its own sink.
    sink: digestSink as unknown as DownloadOptions<T>['sink'],
    random: () => 0,
    ...options,
  })
}

const invalid = () => new MeshyError('MESHY_DOWNLOAD_INVALID', { message: 'No glTF.', hint: 'Again.' })

describe('download', () => {
  it('pours the file into the sink', async () => {
    const server = await startServer((_, response) => {
      response
        .writeHead(200, { 'content-type': 'model/gltf-binary', 'content-length': FILE.length })
        .end(FILE)
    })

    expect(await fetchTo(`${server.url}/model.glb?Signature=s`)).toBe(DIGEST)
  })

  it('sends no credentials, also behind a redirect', async () => {
    const second = await startServer((_, response) => void response.end(FILE))
    const first = await startServer((_, response) =>
      response.writeHead(302, { location: `${second.url}/moved.glb` }).end(),
    )

    expect(await fetchTo(first.url)).toBe(DIGEST)
    for (const { headers } of [...first.seen, ...second.seen]) {
      expect(headers).not.toHaveProperty('authorization')
      expect(headers).not.toHaveProperty('cookie')
    }
  })

  it('follows a relative redirect', async () => {
    const server = await startServer((request, response) =>
      request.url === '/b' ? response.end(FILE) : response.writeHead(307, { location: 'b' }).end(),
    )

    expect(await fetchTo(`${server.url}/a`)).toBe(DIGEST)
  })

  it('follows five redirects and no more', async () => {
    const server = await startServer((_, response) => response.writeHead(302, { location: '/again' }).end())

    await expect(fetchTo(server.url)).rejects.toMatchObject({ code: 'MESHY_DOWNLOAD_FAILED' })
    expect(server.seen).toHaveLength(6)
  })

  it.each([
    'http://assets.example/model.glb',
    'ftp://127.0.0.1/model.glb',
    'file:///etc/passwd',
    'data:model/gltf-binary;base64,AAAA',
    'https://user:word@assets.example/model.glb',
    'model.glb',
    '',
  ])('fetches nothing from %j', async (url) => {
    const server = await startServer((_, response) => response.writeHead(302, { location: url }).end())
    const untouched = () => expect.unreachable('something was fetched')

    await expect(fetchTo(url, { fetch: untouched })).rejects.toMatchObject({ code: 'MESHY_DOWNLOAD_URL' })
    if (url.includes(':')) {
      await expect(fetchTo(server.url)).rejects.toMatchObject({ code: 'MESHY_DOWNLOAD_URL' })
    }
  })

  it('does not follow a redirect from elsewhere to this machine', async () => {
    const local = await startServer((_, response) => void response.end(FILE))
    const elsewhere: typeof fetch = async (input) => {
      expect(String(input)).toBe('https://assets.example/model.glb')
      return new Response(null, { status: 302, headers: { location: local.url } })
    }

    const toldBy = 'https://api.example'
    await expect(
      fetchTo('https://assets.example/model.glb', { fetch: elsewhere, toldBy }),
    ).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_URL',
    })
    expect(local.seen).toEqual([])
  })

  it.each([
    'http://127.0.0.1:7/admin/shutdown',
    'https://127.0.0.1/model.glb',
    'http://localhost./model.glb',
    'https://2130706433/model.glb',
    'https://[::ffff:127.0.0.1]/model.glb',
    'https://[::]/model.glb',
    'https://0.0.0.0/model.glb',
    'https://10.1.2.3/model.glb',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.0.1/model.glb',
    'https://[fd00::1]/model.glb',
  ])('fetches nothing from %s, where an API on the internet leads to', async (url) => {
    const untouched = () => expect.unreachable('something was fetched')
    const toldBy = 'https://api.example'

    await expect(fetchTo(url, { fetch: untouched, toldBy })).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_URL',
    })
  })

  it('fetches from a private network where the API is in one', async () => {
    const asked: string[] = []
    const inside: typeof fetch = async (input) => {
      asked.push(String(input))
      return new Response(FILE)
    }

    await fetchTo('https://10.1.2.3/model.glb', { fetch: inside, toldBy: 'https://10.9.9.9' })

    expect(asked).toEqual(['https://10.1.2.3/model.glb'])
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['the connection is reset', (response) => response.destroy()],
    [
      'the file breaks off',
      (response) => {
        response.writeHead(200, { 'content-length': FILE.length })
        response.write(FILE.subarray(0, 9), () => response.destroy())
      },
    ],
    ['an HTML page comes', (response) => void response.setHeader('content-type', 'text/html').end('<html>')],
    ['the server is busy', (response) => void response.writeHead(503).end()],
    ['the server asks to wait', (response) => void response.writeHead(429, { 'retry-after': '3' }).end()],
    ['nothing comes', () => {}],
    ['the file stalls', (response) => void response.writeHead(200).write(FILE.subarray(0, 5))],
  ])('tries again when %s', async (_, fail) => {
    const server = await startServer((_, response, count) => {
      if (count === 1) fail(response)
      else response.end(FILE)
    })

    expect(await fetchTo(server.url)).toBe(DIGEST)
    expect(server.seen).toHaveLength(2)
  })

  it('tries again when the sink finds the file invalid', async () => {
    const server = await startServer(
      (_, response, count) => void response.end(count === 1 ? 'nonsense' : FILE),
    )

    const digest = await fetchTo(server.url, {
      sink: async (bytes) => {
        const digest = await digestSink(bytes)
        if (digest !== DIGEST) throw invalid()
        return digest
      },
    })

    expect(digest).toBe(DIGEST)
  })

  it('throws the error of the sink when the file stays invalid', async () => {
    const error = invalid()
    const server = await startServer((_, response) => void response.end('nonsense'))

    await expect(fetchTo(server.url, { sink: () => Promise.reject(error) })).rejects.toBe(error)
    expect(server.seen).toHaveLength(5)
  })

  it('throws at once when the sink fails for another reason, however the bytes reach it', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const server = await startServer((_, response) => void response.end(FILE))
    const disk = () => new Writable({ write: (_chunk, _encoding, done) => done(full) })

    await expect(fetchTo(server.url, { sink: () => Promise.reject(full) })).rejects.toBe(full)
    await expect(
      fetchTo<void>(server.url, { sink: (bytes) => pipeline(Readable.from(bytes), disk()) }),
    ).rejects.toBe(full)
    expect(server.seen).toHaveLength(2)
  })

  it('tries again when the sink tells of a broken stream in its own words', async () => {
    const server = await startServer((_, response, count) => {
      if (count > 1) response.end(FILE)
      else response.writeHead(200).write(FILE, () => response.destroy())
    })

    const digest = await fetchTo(server.url, {
      sink: async (bytes) => {
        try {
          return await digestSink(bytes)
        } catch (cause) {
          throw new Error('could not write', { cause })
        }
      },
    })

    expect(digest).toBe(DIGEST)
  })

  it('gives up a file that trickles, after a few attempts', async () => {
    const server = await startServer((_, response) => {
      const trickle = setInterval(() => response.write('g'), 2)
      response.on('close', () => clearInterval(trickle))
    })

    await expect(fetchTo(server.url, { clock: fastClock(600) })).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_FAILED',
      message: expect.stringContaining('sent less than 16384 bytes for 60 seconds'),
    })
    expect(server.seen).toHaveLength(5)
  })

  it('endures a slow file as long as enough bytes come', async () => {
    const clock = manualClock()
    const piece = Buffer.alloc(8 * 1024, 1)
    const slow = slowFetch({ clock, ms: 29_000, chunks: Array<Buffer>(20).fill(piece) })
    let calls = 0
    const counted: Fetch = (input, init) => {
      calls += 1
      return slow(input, init)
    }

    const digest = createHash('sha256')
      .update(Buffer.alloc(20 * piece.length, 1))
      .digest('hex')
    expect(await fetchTo('https://assets.example/m.glb', { fetch: counted, clock })).toBe(digest)
    expect(calls).toBe(1)
  })

  it('closes the connection when the sink has seen enough', async () => {
    const server = await startServer((_, response) => void response.write('never ends'))
    const signals: (AbortSignal | null | undefined)[] = []
    const watched: typeof fetch = (input, init) => {
      signals.push(init?.signal)
      return fetch(input, init)
    }

    expect(await fetchTo(server.url, { fetch: watched, sink: () => Promise.resolve('enough') })).toBe(
      'enough',
    )
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
  })

  it('says that the file was truncated when it is always shorter than announced', async () => {
    const short: typeof fetch = () =>
      Promise.resolve(new Response(FILE, { headers: { 'content-length': String(FILE.length + 1) } }))

    await expect(fetchTo('https://assets.example/m.glb', { fetch: short })).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_INVALID',
    })
  })

  it('does not compare lengths when the file comes compressed', async () => {
    const server = await startServer((_, response) => {
      const packed = gzipSync(FILE)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
    })

    expect(await fetchTo(server.url)).toBe(DIGEST)
  })

  it.each([400, 401, 403, 404, 410])(
    'asks for a fresh address once when the first is answered with %i',
    async (status) => {
      const server = await startServer((request, response) =>
        request.url === '/fresh' ? response.end(FILE) : response.writeHead(status).end(),
      )
      let refreshed = 0

      const digest = await fetchTo(`${server.url}/stale`, {
        refresh: () => {
          refreshed += 1
          return Promise.resolve(`${server.url}/fresh`)
        },
      })

      expect(digest).toBe(DIGEST)
      expect(refreshed).toBe(1)
    },
  )

  it('fails when the fresh address has expired as well', async () => {
    const server = await startServer((_, response) => response.writeHead(403).end())

    const work = fetchTo(`${server.url}/m.glb?Signature=topsecret`, {
      refresh: () => Promise.resolve(`${server.url}/fresh.glb?Signature=topsecret`),
    })

    await expect(work).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_FAILED',
      details: { status: 403, expired: true, url: `${server.url}/fresh.glb` },
    })
    await expect(work).rejects.not.toThrow(/topsecret/)
    expect(server.seen).toHaveLength(2)
  })

  it('throws what the refresh throws', async () => {
    const server = await startServer((_, response) => response.writeHead(404).end())
    const gone = new MeshyError('MESHY_API_NOT_FOUND', { message: 'Gone.', hint: 'Pay.' })

    await expect(fetchTo(server.url, { refresh: () => Promise.reject(gone) })).rejects.toBe(gone)
  })

  it.each([400, 405, 206, 304])('fails at once when the answer is %i', async (status) => {
    const server = await startServer((_, response) => response.writeHead(status).end())

    await expect(fetchTo(server.url)).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_FAILED',
      details: { status },
    })
    expect(server.seen).toHaveLength(1)
  })

  it('fails after five attempts when nobody listens', async () => {
    await expect(fetchTo(`${await closedPort()}/m.glb?Signature=s`)).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_FAILED',
    })
  })

  it.each([true, false])('stops at the size cap when the length is announced: %s', async (announced) => {
    const server = await startServer((_, response) => {
      if (announced) response.setHeader('content-length', FILE.length)
      else response.setHeader('transfer-encoding', 'chunked')
      response.end(FILE)
    })

    await expect(fetchTo(server.url, { maxBytes: FILE.length - 1 })).rejects.toMatchObject({
      code: 'MESHY_DOWNLOAD_INVALID',
    })
    expect(server.seen).toHaveLength(1)
    expect(await fetchTo(server.url, { maxBytes: FILE.length })).toBe(DIGEST)
  })

  it('throws the reason of the signal when it is aborted', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const server = await startServer((_, response) => {
      response.write('glTF', () => stop.abort(reason))
    })

    await expect(fetchTo(server.url, { signal: stop.signal })).rejects.toBe(reason)
    expect(server.seen).toHaveLength(1)
  })

  it('logs requests without their query', async () => {
    const lines: string[] = []
    const server = await startServer((_, response, count) =>
      count === 1 ? response.writeHead(500).end() : response.end(FILE),
    )

    await fetchTo(`${server.url}/m.glb?Signature=topsecret`, { log: (line) => lines.push(line) })

    const address = `${server.url}/m.glb`
    expect(lines).toEqual([
      `GET ${address} 500`,
      `download of ${address}: answered 500`,
      `GET ${address} 200`,
    ])
  })
})
