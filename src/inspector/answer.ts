import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { hasErrno } from '../system/errors.ts'
import { printableField } from '../system/redact.ts'

/**
 * Sent with every answer. The page runs only its own scripts, in no frame, and no other origin may embed any of it.
 * WebAssembly decompresses meshes; blobs are the textures inside a model, and the workers of the loader that
 * decompresses Draco. It creates these from a script of the page itself, and they get the same policy, so `blob:` for
 * workers lets nobody run anything that the page could not run anyway. With it, no page needs `unsafe-eval`, nor
 * freezes while a mesh is decompressed.
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    'worker-src blob:',
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Sent instead if a page of the same origin, which could press every button anyway, may show the page in a frame. */
export const IN_OWN_FRAME = {
  'content-security-policy': HEADERS['content-security-policy'].replace(/(?<=frame-ancestors ).*/, "'self'"),
  'x-frame-options': 'SAMEORIGIN',
}

export interface Answer {
  status?: number
  type: string
  body: string | Uint8Array
  headers?: Record<string, string>
}

export function send(response: ServerResponse, { status = 200, type, body, headers = {} }: Answer): void {
  clearHeaders(response)
  response.writeHead(status, { ...HEADERS, 'content-type': type, ...headers })
  response.end(body)
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, {
    status,
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(value, printableField, 2),
  })
}

export function refuse(response: ServerResponse, status: number, reason: string): void {
  send(response, { status, type: 'text/plain; charset=utf-8', body: `${reason}\n` })
}

/** Streams a file, because models are large. */
export async function sendFile(
  response: ServerResponse,
  { file, type }: { file: string; type: string },
): Promise<void> {
  try {
    const { size } = await stat(file)
    clearHeaders(response)
    response.writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': size })
    await pipeline(createReadStream(file), response)
  } catch (error) {
    // It was moved a moment ago, or the visitor did not wait for the end.
    if (hasErrno(error, 'ENOENT')) refuse(response, 404, 'The file no longer exists.')
    else if (!hasErrno(error, 'ERR_STREAM_PREMATURE_CLOSE')) throw error
  }
}

/** Earlier handlers, such as the bundler's CORS, may have allowed more than we do. */
function clearHeaders(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
}
