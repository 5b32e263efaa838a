import { answerJobs } from '../../system/worker-pool.ts'
import { makeMesh } from './mesher.ts'
import type { Job } from './pool.ts'

/** The script of a worker: makes one model after the other. */
answerJobs(
  ({ images, options }: Job) => makeMesh(images, options),
  ({ glb }) => [glb.buffer as ArrayBuffer],
)
