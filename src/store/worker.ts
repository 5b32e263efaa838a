import { parentPort } from 'node:worker_threads'
import { type WorkerAnswer, describeFailure } from '../system/worker-pool.ts'
import { CHUNK_BYTES, digestSync, type FileDigest } from './digest.ts'

/** The script of a worker: hashes one file after the other, by absolute path. */
const buffer = Buffer.allocUnsafe(CHUNK_BYTES)

parentPort?.on('message', (file: string) => parentPort?.postMessage(answerTo(file), []))

function answerTo(file: string): WorkerAnswer<FileDigest> {
  try {
    return { result: digestSync(buffer, file) }
  } catch (error) {
    return { failure: describeFailure(error) }
  }
}
