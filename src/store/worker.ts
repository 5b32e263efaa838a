import { answerJobs } from '../system/worker-pool.ts'
import { CHUNK_BYTES, digestSync } from './digest.ts'

/** The script of a worker: hashes one file after the other, by absolute path. */
const buffer = Buffer.allocUnsafe(CHUNK_BYTES)

answerJobs(async (file: string) => digestSync(buffer, file))
