import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ObjectBody } from './object-store.ts'

/** Larger files are streamed: memory counts more than speed there. */
const STREAMED_FROM_BYTES = 32 * 1024 * 1024

/** What `fetch` takes, made anew for each attempt. */
export async function requestBody(body: ObjectBody): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  if ('bytes' in body) return body.bytes
  if (body.length < STREAMED_FROM_BYTES) return readFile(body.file)
  return Readable.toWeb(createReadStream(body.file)) as ReadableStream<Uint8Array>
}

export function bodyLength(body: ObjectBody): number {
  return 'bytes' in body ? body.bytes.byteLength : body.length
}
