import type { IncomingMessage } from 'node:http'
import { bytesOf } from '../../system/bytes.ts'
import { reachesDirectly, type Fetch } from '../../system/fetch.ts'
import type { Reply } from '../../system/transfer.ts'

export interface StoreRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: Uint8Array | ReadableStream<Uint8Array> | undefined
}

/** Sends one request, once. @throws what the connection throws, also when `signal` ends it */
export type Exchange = (request: StoreRequest, signal: AbortSignal) => Promise<Reply>

/**
 * Files are read with Node's own client, which passes on bytes at a third of the cost of `fetch`; everything else uses
 * `fetch`.
 */
export function createExchange({
  fetch,
  env,
}: {
  fetch: Fetch
  env: Record<string, string | undefined>
}): Exchange {
  return async (request, signal) => {
    const isPlain = request.method === 'GET' && reachesDirectly(request.url, env)
    const reply = isPlain ? await read(request, signal) : undefined
    return reply ?? (await sendByFetch(fetch, request, signal))
  }
}

/** Undefined for an answer that is compressed without having been asked for: `fetch` can read it. */
async function read({ url, headers }: StoreRequest, signal: AbortSignal): Promise<Reply | undefined> {
  const { get } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers: { ...LIKE_FETCH, ...headers }, signal }, resolve)
      .on('error', reject)
      // Needed even if no error precedes it: after an answer that changes the protocol.
      .on('close', () => reject(new Error('the connection was closed without an answer')))
  })
  if (!isAsWritten(message)) {
    message.destroy()
    return undefined
  }
  return {
    status: message.statusCode ?? 0,
    headers: headersOf(message),
    bytes: message,
  }
}

/** Whether the bytes are those of the file. What S3 clients call `aws-chunked` is not compressed. */
function isAsWritten({ headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding']
  return encoding === undefined || encoding === 'identity' || encoding === 'aws-chunked'
}

/** What every client says about itself: some servers refuse others. */
const LIKE_FETCH = { accept: '*/*', 'user-agent': 'node' }

function headersOf({ headers }: IncomingMessage): Reply['headers'] {
  return { get: (name) => [headers[name.toLowerCase()]].flat().join(', ') || null }
}

/** `fetch` sends the content length by itself, and undici sends no request that states it twice. */
function withoutLength(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'))
}

async function sendByFetch(
  fetch: Fetch,
  { method, url, headers, body }: StoreRequest,
  signal: AbortSignal,
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: body instanceof ReadableStream ? headers : withoutLength(headers),
    redirect: 'manual',
    credentials: 'omit',
    signal,
    ...(body === undefined ? {} : { body: body as BodyInit }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  return {
    status: response.status,
    headers: response.headers,
    bytes: bytesOf(response),
  }
}
