import { WorkerPool, findWorkerScript, type WorkerScript } from '../../system/worker-pool.ts'
import type { PreviewModel, PreviewOptions } from './mesher.ts'
import { MeshyError, messageOf } from '../../system/errors.ts'

/** What is sent to a worker. */
export interface Job {
  images: Uint8Array[]
  options: PreviewOptions
}

/** Makes models in a worker thread. */
export type PreviewPool = ReturnType<typeof createPreviewPool>

/** The mesher creates many short-lived arrays: with room for them, it collects garbage less often. */
const YOUNG_GENERATION_MB = 64

/**
 * One worker, which never keeps the process alive while it is idle.
 *
 * @param script by default found beside this code, when it is needed
 */
export function createPreviewPool(script?: WorkerScript) {
  const pool = new WorkerPool<Job, PreviewModel>({
    name: 'preview',
    size: 1,
    script: () => script ?? findMesherScript(),
    limits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    closed: closedError,
    crashed: crashedError,
  })
  return {
    /**
     * Like `makeMesh`, without blocking this thread. Aborting rejects with the reason of the signal.
     *
     * Throws what `makeMesh` throws, and `MESHY_PREVIEW_CRASHED` if the worker dies.
     */
    make: (
      images: Uint8Array[],
      options: PreviewOptions,
      wait?: { signal?: AbortSignal | undefined },
    ): Promise<PreviewModel> => pool.run({ images, options }, wait),
    /** Ends the workers. Models in progress are rejected with `MESHY_ABORTED`. */
    close: () => pool.close(),
  }
}

function closedError(): MeshyError {
  return new MeshyError('MESHY_ABORTED', {
    message: 'The stand-in model was not made: its workers were stopped',
    hint: 'Run again.',
  })
}

function crashedError(error: unknown): MeshyError {
  return new MeshyError('MESHY_PREVIEW_CRASHED', {
    message: `The worker that makes stand-in models died: ${messageOf(error)}`,
    hint: 'Run again. In the meantime, a card stands in for the model.',
    cause: error,
  })
}

/**
 * Finds the script of the workers that make stand-ins.
 *
 * @throws {MeshyError} MESHY_PREVIEW_UNAVAILABLE
 */
export function findMesherScript(): WorkerScript {
  const script = findWorkerScript('stand-in/mesher')
  if (script) return script
  throw new MeshyError('MESHY_PREVIEW_UNAVAILABLE', {
    message: 'Stand-in models cannot be made: their worker script is missing from the package',
    hint: 'Keep the files of `unplugin-meshy` together; do not bundle the plugin itself.',
    details: { missing: 'stand-in/mesher/worker.mjs' },
  })
}
