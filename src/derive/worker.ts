import { answerJobs } from '../system/worker-pool.ts'
import { deriveModel } from './derive-model.ts'
import type { Job } from './pool.ts'

/** The script of a worker: derives one model after the other. */
answerJobs(
  ({ source, options }: Job) => deriveModel(source, options),
  ({ glb }) => [glb.buffer as ArrayBuffer],
)
