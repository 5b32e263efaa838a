import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { openTemporary, type Temporary } from '../system/durable.ts'
import { Buffers, CHUNK_BYTES, createDigester, digestFile, statusOf, blobUnusable } from './digest.ts'
import type { FileDigest, BlobStatus } from './digest.ts'
import type { BlobRef } from './entry.ts'
import { type Layout, listFolder } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { ifExists, orUnwritable } from './disk-errors.ts'

/** Bytes as they arrive, or all at once. */
type BlobSource = AsyncIterable<Uint8Array> | Uint8Array

interface ExpectedBytes {
  sha256?: string | undefined
  bytes?: number | undefined
}

interface WriteBlobOptions {
  /** File extension without the dot: `glb`. If it depends on the bytes, a function of up to 1024 of them. */
  ext: string | ((head: Uint8Array) => string)
  /** What the bytes must be, if that is known. */
  expected?: ExpectedBytes | undefined
  /** Throws if the whole is not what it should be; `head` has up to 1024 bytes, `total` is the length. */
  check?: ((head: Uint8Array, total: number) => void) | undefined
  /** False for bytes that another source has as well: a crash of the machine may lose them. @default true */
  durable?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** Bytes, addressed by their SHA-256. They enter only complete and valid, and leave only if they match. */
export type Blobs = ReturnType<typeof createBlobs>

export function createBlobs(layout: Layout, prepare = createPreparation(layout)) {
  const buffers = new Buffers(CHUNK_BYTES)
  return {
    /**
     * Stores bytes as they arrive. Nothing is kept of a source that breaks, lies or does not pass `check`.
     *
     * @throws MESHY_CACHE_UNWRITABLE; MESHY_DOWNLOAD_INVALID if they are not `expected`; what source and check throw
     */
    write: async (source: BlobSource, options: WriteBlobOptions): Promise<BlobRef> => {
      await prepare()
      if (source instanceof Uint8Array) return await writeBlob(layout, [source], options)
      return await buffers.lend((buffer) => writeBlob(layout, gather(source, buffer), options))
    },
    verify: async (ref: BlobRef, signal?: AbortSignal): Promise<BlobStatus> =>
      statusOf(await digestFile(layout.blob(ref), { signal }), ref),
    /** @throws MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_BLOB_LFS_POINTER */
    read: async (ref: BlobRef): Promise<Buffer> => readBlob(layout.blob(ref), ref),
    /** Absolute path, whether or not it exists. */
    path: (ref: BlobRef): string => layout.blob(ref),
    /** Every blob that exists, correct or not, sorted; `bytes` is the actual length. */
    list: (): Promise<BlobRef[]> => listBlobs(layout.blobs),
    remove: async (ref: BlobRef): Promise<void> => {
      const file = layout.blob(ref)
      await orUnwritable(file, () => rm(file, { force: true }))
    },
  }
}

/**
 * 1. The bytes go to a temporary file and are hashed on the way.
 * 2. Bytes that are not expected or not valid end here.
 * 3. A blob that exists and is correct is left alone, because another process may be reading it. Bytes that another
 * source has as well are only fetched if they are missing, so checking again would be pointless.
 * 4. Otherwise the file gets its name, durably unless `durable` is false; a damaged blob is replaced.
 */
async function writeBlob(layout: Layout, chunks: Chunks, options: WriteBlobOptions): Promise<BlobRef> {
  const temporary = await orUnwritable(layout.tmp, () => openTemporary(layout.tmp))
  try {
    const { sha256, bytes, head } = await receive(chunks, temporary, options.signal)
    assertExpected({ sha256, bytes }, options.expected)
    options.check?.(head, bytes)

    const ext = typeof options.ext === 'string' ? options.ext : options.ext(head)
    const ref: BlobRef = { sha256, bytes, ext }
    const target = layout.blob(ref)
    const accept = async (): Promise<boolean> => statusOf(await digestFile(target), ref) === 'ok'
    const { durable = true } = options
    if (!durable || !(await accept()))
      await orUnwritable(target, () => temporary.publish(target, { accept, durable }))
    return ref
  } finally {
    await temporary.discard()
  }
}

/** Each chunk is valid until the next one is requested. */
type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

async function receive(chunks: Chunks, to: Temporary, signal?: AbortSignal): Promise<FileDigest> {
  const digester = createDigester()
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    const writing = orUnwritable(to.file, () => to.write(chunk))
    // In the meantime, in this thread.
    digester.add(chunk)
    await writing
  }
  return digester.digest()
}

function assertExpected(found: ExpectedBytes, expected: ExpectedBytes = {}): void {
  const wrong = (['bytes', 'sha256'] as const).find(
    (fact) => expected[fact] !== undefined && expected[fact] !== found[fact],
  )
  if (!wrong) return
  throw new MeshyError('MESHY_DOWNLOAD_INVALID', {
    message: `Expected \`${wrong}\` of a file to be \`${expected[wrong]}\`, got \`${found[wrong]}\`.`,
    hint: 'Run again. The file is fetched again without paying.',
    details: { expected, found },
  })
}

async function readBlob(file: string, ref: BlobRef): Promise<Buffer> {
  const bytes = await ifExists(file, () => readFile(file))
  if (!bytes) throw blobUnusable(file, 'missing')
  const digester = createDigester()
  digester.add(bytes)
  const status = statusOf(digester.digest(), ref)
  if (status !== 'ok') throw blobUnusable(file, status)
  return bytes
}

async function listBlobs(folder: string): Promise<BlobRef[]> {
  const refs: BlobRef[] = []
  for (const prefix of (await listFolder(folder)).sort()) {
    for (const name of (await listFolder(join(folder, prefix))).sort()) {
      const [, sha256, ext] = BLOB_NAME.exec(name) ?? []
      const found = await ifExists(name, () => stat(join(folder, prefix, name)))
      if (sha256 && ext && found) refs.push({ sha256, bytes: found.size, ext })
    }
  }
  return refs
}

const BLOB_NAME = /^([0-9a-f]{64})\.([a-z0-9]{1,8})$/

/**
 * Collects small pieces into large ones, as large as `buffer`: each write to a file costs a turn of a thread, and a
 * network delivers 64 kB at a time. A yielded piece is valid until the next one is requested.
 */
export async function* gather(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  buffer: Buffer,
): AsyncGenerator<Uint8Array> {
  const bytes = buffer.length
  let used = 0
  for await (const piece of pieces) {
    for (let done = 0; done < piece.byteLength;) {
      const part = piece.subarray(done, done + bytes - used)
      buffer.set(part, used)
      done += part.byteLength
      used += part.byteLength
      if (used < bytes) continue
      yield buffer
      used = 0
    }
  }
  if (used > 0) yield buffer.subarray(0, used)
}
