import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { ifReadable } from './unreadable.ts'

export interface FileDigest {
  sha256: string
  bytes: number
  /** The first bytes, at most {@link HEAD_BYTES}. */
  head: Uint8Array
}

/** Enough for every magic number, for the start of an HTML page, and for a whole Git LFS pointer. */
export const HEAD_BYTES = 1024

const CHUNK_BYTES = 1 << 20

/** Reads a file once, in pieces, for its SHA-256 and length; undefined when there is none. */
export function digestFile(file: string, signal?: AbortSignal): Promise<FileDigest | undefined> {
  return digestInto(Buffer.allocUnsafe(CHUNK_BYTES), file, signal)
}

/** {@link digestFile} for many files: it uses the same memory again, which the garbage collector is slow to give back. */
export function createFileDigester(): typeof digestFile {
  const idle: Buffer[] = []
  return async (file, signal) => {
    const buffer = idle.pop() ?? Buffer.allocUnsafe(CHUNK_BYTES)
    try {
      return await digestInto(buffer, file, signal)
    } finally {
      idle.push(buffer)
    }
  }
}

export interface Digester {
  add(chunk: Uint8Array): void
  digest(): FileDigest
}

/** Computes a {@link FileDigest} of bytes that come in pieces. */
export function createDigester(): Digester {
  const hash = createHash('sha256')
  const head = Buffer.alloc(HEAD_BYTES)
  let bytes = 0
  return {
    add: (chunk) => {
      if (bytes < HEAD_BYTES) head.set(chunk.subarray(0, HEAD_BYTES - bytes), bytes)
      hash.update(chunk)
      bytes += chunk.byteLength
    },
    digest: () => ({
      sha256: hash.digest('hex'),
      bytes,
      head: head.subarray(0, Math.min(bytes, HEAD_BYTES)),
    }),
  }
}

async function digestInto(
  buffer: Buffer,
  file: string,
  signal: AbortSignal | undefined,
): Promise<FileDigest | undefined> {
  return await ifReadable(file, async () => {
    const handle = await open(file, 'r')
    try {
      return await digestHandle(handle, buffer, signal)
    } finally {
      await handle.close()
    }
  })
}

async function digestHandle(
  handle: FileHandle,
  buffer: Buffer,
  signal: AbortSignal | undefined,
): Promise<FileDigest> {
  const digester = createDigester()
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length)
    if (bytesRead === 0) return digester.digest()
    digester.add(buffer.subarray(0, bytesRead))
  }
}
