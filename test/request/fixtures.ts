import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { expect, onTestFinished } from 'vitest'
import { createHasher } from '../../src/request/fingerprint.ts'
import { createImageReader } from '../../src/request/images.ts'
import { parseSpecifier } from '../../src/request/parse.ts'
import { readRequest } from '../../src/request/read-request.ts'
import { resolveDirectives } from '../../src/request/resolve.ts'
import type { Directives } from '../../src/request/directives.ts'
import type { Request } from '../../src/request/request.ts'

/** A folder that lasts as long as the test, with files in it. */
export async function makeFolder(files: Record<string, Uint8Array | string> = {}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'request-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder, name), bytes)
  return folder
}

/** A whole grey PNG of `width` × 1 pixels: another width is another image. */
export function makePng(width = 1): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(1, 4)
  header[8] = 8
  const pixels = deflateSync(Buffer.alloc(width + 1))
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The directives that a query means, unresolved. */
export function queryOf(query: string): Directives {
  return parseSpecifier(`./a.png?${query}`).directives ?? {}
}

/** The request that `file?query` makes, with nothing from options. */
export async function requestOf(file: string, query: string, { emulated = false } = {}): Promise<Request> {
  const hasher = await createHasher()
  const directives = resolveDirectives({ file, query: queryOf(query) })
  return readRequest({ file, directives, emulated, hasher, images: createImageReader(hasher) })
}

/** Matches an error by its code. */
export function coded(code: string, fields: object = {}) {
  return expect.objectContaining({ code, ...fields })
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
