import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Buffers } from '../system/bytes.ts'
import { WorkerPool } from '../system/worker-pool.ts'
import { findWorkerScript, type WorkerScript } from '../system/worker-script.ts'
import { CHUNK_BYTES, digestFile, type FileDigest } from './digest.ts'

/** So many files take about as long as a thread takes to start. */
const MANY = 24
/** One computes faster than most disks read. */
const MAX_THREADS = 2

export interface FileDigesterOptions {
  /** How many files are digested in this thread, before others are started. */
  many?: number
  /** @default found beside this code; undefined if there is none */
  script?: WorkerScript | undefined
}

/**
 * `digestFile` for many files. Hundreds would hold up the bundler, which shares this thread, for a second: they are
 * digested in others. What goes wrong there is done again here.
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
      // A thread that cannot be started will not be later; a file that cannot be read is an error that we can tell.
      if (error instanceof ThreadLost) pool = undefined
      return digestHere(file)
    }
  }
}

/** Why a file was not digested that might be all right. */
class ThreadLost extends Error {}

function createPool({ url, execArgv }: WorkerScript): WorkerPool<string, FileDigest> {
  return new WorkerPool<string, FileDigest>({
    size: Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1)),
    start: () => new Worker(url, { execArgv, name: 'unplugin-meshy store' }),
    closed: () => new ThreadLost(),
    crashed: (cause) => new ThreadLost('The thread died.', { cause }),
  })
}
