import { parentPort } from 'node:worker_threads'
import { describeFailure } from '../../system/worker-pool.ts'
import { makeMesh } from './mesher.ts'
import type { Answer, Job } from './pool.ts'

/** The script of a worker: makes one model after the other. */
parentPort?.on('message', async ({ images, options }: Job) => {
  try {
    const model = await makeMesh(images, options)
    post({ result: model }, [model.glb.buffer as ArrayBuffer])
  } catch (error) {
    post({ failure: describeFailure(error) })
  }
})

function post(answer: Answer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, transfer)
}
