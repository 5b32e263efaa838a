import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { ifExists } from './disk-errors.ts'
import type { BlobRef } from './entry.ts'
import { hasErrno, isMeshyError, MeshyError, type ErrorCode } from '../system/errors.ts'
import { WorkerPool, findWorkerScript, type WorkerScript } from '../system/worker-pool.ts'

export interface FileDigest {
  sha256: string
  bytes: number
  /** The first bytes, at most {@link HEAD_BYTES}. */
  head: Uint8Array
}

/** Enough for every magic number, for the start of an HTML page, and for a whole Git LFS pointer. */
const HEAD_BYTES = 1024

/** How much of a file is in memory at once. */
export const CHUNK_BYTES = 1 << 20

interface DigestOptions {
  /** Memory to reuse: memory allocated for each file is slow to be released. */
  buffer?: Buffer
  signal?: AbortSignal | undefined
}

/** Reads a file once, in pieces, for its SHA-256 and length; undefined if there is none. */
export function digestFile(
  file: string,
  { buffer = Buffer.allocUnsafe(CHUNK_BYTES), signal }: DigestOptions = {},
): Promise<FileDigest | undefined> {
  return ifExists(file, async () => {
    const handle = await open(file, 'r')
    try {
      return await digestHandle(handle, buffer, signal)
    } finally {
      await handle.close()
    }
  })
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

/** {@link digestFile} for a thread that has nothing else to do. @throws the error of the operating system */
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

interface Digester {
  add(chunk: Uint8Array): void
  digest(): FileDigest
}

/** Computes a {@link FileDigest} of bytes that arrive in pieces. */
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

/** The contents of a file, compared with what they should be. */
export function statusOf(found: FileDigest | undefined, ref: BlobRef): BlobStatus {
  if (!found) return 'missing'
  if (found.sha256 === ref.sha256 && found.bytes === ref.bytes) return 'ok'
  return isLfsPointer(found.head) ? 'lfs-pointer' : 'damaged'
}

/** Whether a file has the length of a blob, without reading it: damage is found when it is used. */
export async function isPresent(file: string, { bytes }: Pick<BlobRef, 'bytes'>): Promise<boolean> {
  try {
    return (await stat(file)).size === bytes
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false
    throw error
  }
}

const SIGNATURE = 'version https://git-lfs.github.com/spec/'

/** Whether a file starts like a Git LFS pointer, which a clone contains instead of bytes that were never pulled. */
function isLfsPointer(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, SIGNATURE.length)).toString('latin1') === SIGNATURE
}

/** The state of a blob's file, compared with what it should be. */
export type BlobStatus = 'ok' | 'missing' | 'damaged' | 'lfs-pointer'

/** Why the bytes of a blob cannot be used, and what to do. */
export function blobUnusable(file: string, status: Exclude<BlobStatus, 'ok'>): MeshyError {
  const { code, problem, hint } = PROBLEMS[status]
  return new MeshyError(code, { message: `\`${file}\` ${problem}.`, hint, details: { file, status } })
}

const RESTORE = 'Build again. While Meshy keeps the task, the file is fetched from it without paying.'

const PROBLEMS: Record<Exclude<BlobStatus, 'ok'>, { code: ErrorCode; problem: string; hint: string }> = {
  missing: { code: 'MESHY_BLOB_MISSING', problem: 'does not exist', hint: RESTORE },
  damaged: {
    code: 'MESHY_BLOB_DAMAGED',
    problem: 'does not match the SHA-256 in its name',
    hint: RESTORE,
  },
  'lfs-pointer': {
    code: 'MESHY_BLOB_LFS_POINTER',
    problem: 'is a Git LFS pointer whose bytes were never pulled',
    hint: 'Run `git lfs pull`. In CI, enable LFS for the checkout.',
  },
}

/** Whether an error says that bytes are not here, which another source may still have. */
export function isBlobUnusable(error: unknown): error is MeshyError {
  return isMeshyError(error) && Object.values(PROBLEMS).some(({ code }) => code === error.code)
}

/** This many files take about as long as starting a thread. */
const MANY = 24
/** One thread computes faster than most disks can read. */
const MAX_THREADS = 2

interface FileDigesterOptions {
  /** How many files are hashed in this thread before others are started. */
  many?: number
  /** @default found beside this code; undefined if there is none */
  script?: WorkerScript | undefined
}

/**
 * `digestFile` for many files. Hundreds of them would block the bundler, which shares this thread, for a second, so
 * they are hashed in other threads. Anything that fails there is repeated here.
 */
export function createFileDigester({
  many = MANY,
  script = findWorkerScript('store'),
}: FileDigesterOptions = {}) {
  const buffers = new Buffers(CHUNK_BYTES)
  let asked = 0
  let pool = script && createPool(script)

  const digestHere = (file: string) => buffers.lend((buffer) => digestFile(file, { buffer }))

  return async (file: string): Promise<FileDigest | undefined> => {
    if (++asked <= many || !pool) return digestHere(file)
    try {
      return await pool.run(file)
    } catch (error) {
      // A thread that cannot be started will not start later either; a file that cannot be read is an error that we can
      // report.
      if (error instanceof ThreadLost) pool = undefined
      return digestHere(file)
    }
  }
}

/** Why a file that may be all right was not hashed. */
class ThreadLost extends Error {}

function createPool(script: WorkerScript): WorkerPool<string, FileDigest> {
  return new WorkerPool<string, FileDigest>({
    name: 'store',
    size: Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1)),
    script: () => script,
    closed: () => new ThreadLost(),
    crashed: (cause) => new ThreadLost('The thread died.', { cause }),
  })
}

/** Memory that is reused: memory allocated for each file is slow to be released. */
export class Buffers {
  readonly #free: Buffer[] = []
  readonly #bytes: number

  /** @param bytes how much is lent at once */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Lends a buffer to `use`, with arbitrary contents, until `use` has ended. */
  async lend<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafe(this.#bytes)
    try {
      return await use(buffer)
    } finally {
      this.#free.push(buffer)
    }
  }
}
