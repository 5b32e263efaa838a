import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { freePort } from '../../../support/free-port.ts'
import { listen } from '../../../support/listen.ts'

/** Starts a server that does what a fault says, and gives the address at which a store is looked for. */
export type StoreFaultCase = () => Promise<string>

const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`
const isRead = ({ method }: IncomingMessage) => method === 'GET' || method === 'HEAD'

function refusal(status: number, code: string, headers: Record<string, string> = {}): StoreFaultCase {
  return serving((_, response) => void response.writeHead(status, headers).end(xml(code)))
}

/** Whatever is asked for, this is there. */
function content(body: string | Buffer, headers: Record<string, string> = {}): StoreFaultCase {
  return serving((_, response) => void response.writeHead(200, headers).end(body))
}

function serving(listener: RequestListener): StoreFaultCase {
  return async () => {
    return listen((request, response) => {
      request.resume()
      listener(request, response)
    })
  }
}

/** Writes for as long as somebody listens. */
function pour(response: ServerResponse, { bytes, everyMs }: { bytes: number; everyMs: number }): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write(Buffer.alloc(bytes)), everyMs)
  response.on('close', () => clearInterval(timer))
}

/** What a store does, and how it is told of it. */
export const FAULTS: Record<string, StoreFaultCase> = {
  'answers 503': refusal(503, 'SlowDown'),
  'answers 500 to what is written': serving(
    (request, response) => void response.writeHead(isRead(request) ? 404 : 500).end(),
  ),
  'answers 429 and wants an hour': refusal(429, 'TooManyRequests', { 'retry-after': '3600' }),
  'answers 501': refusal(501, 'NotImplemented'),
  'breaks the connection': serving((request) => void request.socket.destroy()),
  'breaks it in the middle of a file': serving((_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half', () => response.destroy())
  }),
  'never answers': serving(() => undefined),
  'stops in the middle of a file': serving((_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half')
  }),
  drips: serving((_, response) => pour(response, { bytes: 1, everyMs: 20 })),
  'never ends': serving((_, response) => pour(response, { bytes: 100_000, everyMs: 5 })),
  'has other bytes': content('lies'),
  'has nothing in its files': content(''),
  'says another encoding': content('no gzip', { 'content-encoding': 'gzip' }),
  'answers with the page of a portal': content('<html>Log in</html>', { 'content-type': 'text/html' }),
  'answers 200 with an error': content(xml('InternalError'), { 'content-type': 'application/xml' }),
  'says that all is there, and has nothing': serving(
    ({ method }, response) => void response.writeHead(method === 'GET' ? 404 : 200).end(),
  ),
  'answers 204': serving((_, response) => void response.writeHead(204).end()),
  'answers 412 to what is written': serving(
    (request, response) => void response.writeHead(isRead(request) ? 404 : 412).end(),
  ),
  'answers 409 to what is written': serving(
    (request, response) => void response.writeHead(isRead(request) ? 404 : 409).end(),
  ),
  'lives in another year': refusal(403, 'RequestTimeTooSkewed', { date: 'Sat, 01 Jan 2050 00:00:00 GMT' }),
  'calls the credentials expired': refusal(400, 'ExpiredToken'),
  'belongs to somebody else': refusal(403, 'AccessDenied'),
  'has no such bucket': refusal(404, 'NoSuchBucket'),
  'is in another region': refusal(301, 'PermanentRedirect'),
  'redirects to elsewhere': refusal(307, 'TemporaryRedirect', { location: 'https://store.invalid/' }),
  'redirects to itself': refusal(302, 'Found', { location: '/again' }),
  'speaks no TLS': async () => (await content('')()).replace('http:', 'https:'),
  'has a name that nobody knows': async () => 'https://store.invalid',
  'is not there': async () => `http://127.0.0.1:${await freePort()}`,
}
