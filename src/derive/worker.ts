import { parentPort } from 'node:worker_threads'
import { describeFailure } from '../system/worker-pool.ts'
import { deriveModel } from './derive-model.ts'
import type { Answer, Job } from './pool.ts'

/** The script of a worker: derives one model after the other. */
parentPort?.on('message', async ({ source, options }: Job) => {
  try {
    const model = await deriveModel(source, options)
    post({ result: model }, [model.glb.buffer as ArrayBuffer])
  } catch (error) {
    post({ failure: describeFailure(error) })
  }
})

function post(answer: Answer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, transfer)
}
