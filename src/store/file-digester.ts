import { availableParallelism } from 'node:os'
import { Buffers } from '../system/bytes.ts'
import { WorkerPool } from '../system/worker-pool.ts'
import { findWorkerScript, type WorkerScript } from '../system/worker-script.ts'
import { CHUNK_BYTES, digestFile, type FileDigest } from './digest.ts'

/** This many files take about as long as starting a thread. */
const MANY = 24
/** One thread computes faster than most disks can read. */
const MAX_THREADS = 2

export interface FileDigesterOptions {
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
