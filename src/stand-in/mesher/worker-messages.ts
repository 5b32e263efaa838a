import type { WorkerAnswer } from '../../system/worker-pool.ts'
import type { PreviewModel, PreviewOptions } from './mesher.ts'

/** What a worker is sent. */
export interface Job {
  images: Uint8Array[]
  options: PreviewOptions
}

/** What it sends back. */
export type Answer = WorkerAnswer<PreviewModel>
