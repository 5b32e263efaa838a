import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFetch } from '../../src/system/fetch.ts'

/** A proxy that notes what it is asked for, and refuses. */
async function startProxy() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(502).end('refused')
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 502 Refused\r\n\r\n')
  })
  return { asked, host: `127.0.0.1:${await listen(server)}` }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('createFetch', () => {
  it('is the global one when there is no proxy', () => {
    expect(createFetch({ env: { NO_PROXY: 'a.test', HTTPS_PROXY: '' } })).toBe(globalThis.fetch)
  })

  it.each(['HTTPS_PROXY', 'https_proxy'])('goes through the proxy of %s', async (name) => {
    const proxy = await startProxy()

    await expect(
      createFetch({ env: { [name]: `http://${proxy.host}` } })('https://api.test/x'),
    ).rejects.toThrow()

    expect(proxy.asked).toEqual(['CONNECT api.test:443'])
  })

  it('takes a proxy without a scheme', async () => {
    const proxy = await startProxy()

    await expect(createFetch({ env: { HTTPS_PROXY: proxy.host } })('https://api.test/x')).rejects.toThrow()

    expect(proxy.asked).toHaveLength(1)
  })

  it('brings requests and answers through a tunnel', async () => {
    const target = createServer((request, response) => {
      request.pipe(response.writeHead(302, { location: '/elsewhere', 'x-method': request.method }))
    })
    const port = await listen(target)
    const proxy = createServer()
    proxy.on('connect', (_request, socket) => {
      const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      onward.pipe(socket).pipe(onward)
    })
    const fetch = createFetch({ env: { HTTP_PROXY: `127.0.0.1:${await listen(proxy)}` } })

    const response = await fetch('http://api.test/x', { method: 'POST', body: 'hello', redirect: 'manual' })

    expect([response.status, response.headers.get('x-method')]).toEqual([302, 'POST'])
    expect(await response.text()).toBe('hello')
  })

  it('goes around the proxy for hosts of NO_PROXY', async () => {
    const proxy = await startProxy()
    const fetch = createFetch({ env: { HTTPS_PROXY: proxy.host, NO_PROXY: 'nowhere.invalid' } })

    await expect(fetch('https://nowhere.invalid/', { signal: AbortSignal.timeout(2000) })).rejects.toThrow()

    expect(proxy.asked).toEqual([])
  })

  it('never goes through a proxy to this machine', async () => {
    const proxy = await startProxy()
    const fetch = createFetch({
      env: { HTTP_PROXY: `http://${proxy.host}`, HTTPS_PROXY: `http://${proxy.host}` },
    })

    const response = await fetch(`http://${proxy.host}/here`)

    expect(response.status).toBe(502)
    expect(proxy.asked).toEqual(['GET /here'])
  })

  it('rejects a proxy that is no URL, without showing it', () => {
    const make = () => createFetch({ env: { HTTPS_PROXY: 'http://user:word@:x' } })

    expect(make).toThrow(expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }))
    expect(make).not.toThrow(/word/)
  })
})
