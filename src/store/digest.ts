import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { ifExists } from './unreadable.ts'

export interface FileDigest {
  sha256: string
  bytes: number
  /** The first bytes, at most {@link HEAD_BYTES}. */
  head: Uint8Array
}

/** Enough for every magic number, for the start of an HTML page, and for a whole Git LFS pointer. */
export const HEAD_BYTES = 1024

/** How much of a file is in memory at once. */
export const CHUNK_BYTES = 1 << 20

/** Reads a file once, in pieces, for its SHA-256 and length; undefined when there is none. */
export function digestFile(file: string, signal?: AbortSignal): Promise<FileDigest | undefined> {
  return withFile(file, (handle) => digestHandle(handle, Buffer.allocUnsafe(CHUNK_BYTES), signal))
}

/** {@link digestFile} with memory that is at hand already: what is allocated for each file is slow to be given back. */
export function digestInto(buffer: Buffer, file: string): Promise<FileDigest | undefined> {
  return withFile(file, (handle) => digestHandle(handle, buffer))
}

function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T | undefined> {
  return ifExists(file, async () => {
    const handle = await open(file, 'r')
    try {
      return await use(handle)
    } finally {
      await handle.close()
    }
  })
}

/** {@link digestInto} for a thread that has nothing else to do. @throws the error of the operating system */
export function digestSync(buffer: Buffer, file: string): FileDigest {
  const descriptor = openSync(file, 'r')
  try {
    const digester = createDigester()
    for (;;) {
      const bytesRead = readSync(descriptor, buffer)
      if (bytesRead === 0) return digester.digest()
      digester.add(buffer.subarray(0, bytesRead))
    }
  } finally {
    closeSync(descriptor)
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

async function digestHandle(handle: FileHandle, buffer: Buffer, signal?: AbortSignal): Promise<FileDigest> {
  const digester = createDigester()
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length)
    if (bytesRead === 0) return digester.digest()
    digester.add(buffer.subarray(0, bytesRead))
  }
}
