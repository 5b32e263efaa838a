import PQueue from 'p-queue'
import { MeshyError, messageOf } from '../system/errors.ts'
import { WorkerPool, findWorkerScript, type WorkerScript } from '../system/worker-pool.ts'
import type { DerivedModel, DeriveOptions } from './derive-model.ts'

/** What is sent to a worker. */
export interface Job {
  source: Uint8Array
  options: DeriveOptions
}

/** Derives models in worker threads, which start when they are needed and load the libraries themselves. */
export type DerivePool = ReturnType<typeof createDerivePool>

/** A model whose JSON and scripts need more than this is not a model for a page. Bytes and pixels are separate. */
const HEAP_MB = 512

/** One worker at a time. */
export function createDerivePool() {
  const pool = new WorkerPool<Job, DerivedModel>({
    name: 'derive',
    size: 1,
    script: findScript,
    limits: { maxOldGenerationSizeMb: HEAP_MB },
    closed,
    crashed,
  })
  const turns = new PQueue({ concurrency: 1 })
  return {
    /**
     * Like `deriveModel`, without blocking this thread.
     *
     * @param readSource called when a worker is free, so that waiting models take no memory; its bytes are transferred
     * @throws {MeshyError} what `deriveModel` throws; MESHY_DERIVE_CRASHED if the worker dies
     */
    derive: (
      readSource: () => Promise<Uint8Array>,
      options: DeriveOptions,
      wait?: { signal?: AbortSignal | undefined },
    ): Promise<DerivedModel> =>
      turns.add(async () => {
        const source = whole(await readSource())
        return pool.run({ source, options }, { ...wait, transfer: [source.buffer] })
      }, wait),
    /** Ends the workers. Models in progress are rejected with `MESHY_ABORTED`. */
    close: () => pool.close(),
  }
}

/** Bytes that have their buffer to themselves, so that it can be transferred. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return new Uint8Array(buffer)
  return Uint8Array.from(bytes)
}

function findScript(): WorkerScript {
  const script = findWorkerScript('derive')
  if (script) return script
  throw new MeshyError('MESHY_DERIVE_UNAVAILABLE', {
    message: 'Nothing can be derived from models: the worker script is missing from the package.',
    hint: 'Keep the files of `unplugin-meshy` together; do not bundle the plugin itself.',
    details: { missing: 'derive/worker.mjs' },
  })
}

function closed(): MeshyError {
  return new MeshyError('MESHY_ABORTED', {
    message: 'Nothing was derived: the workers were stopped.',
    hint: 'Run again.',
  })
}

function crashed(cause: unknown): MeshyError {
  return new MeshyError('MESHY_DERIVE_CRASHED', {
    message: `The worker that derives models died: ${messageOf(cause)}.`,
    hint: 'Run again, or remove the directives that derive from the model.',
    cause,
  })
}
