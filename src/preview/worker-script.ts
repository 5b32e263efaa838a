import { existsSync } from 'node:fs'
import { MeshyError } from '../errors.ts'

/** What to start a worker thread with. */
export interface WorkerScript {
  url: URL
  execArgv: string[]
}

/** From where this code may end up after the build: the root of `dist`, a shared chunk, or a folder of its own. */
const BUILT = ['./preview/worker.mjs', '../preview/worker.mjs', './worker.mjs']

/**
 * Finds the worker's script: built, beside the chunk that this code is in; or the TypeScript source in a checkout,
 * which Node 20 needs jiti for.
 */
export function findWorkerScript(): WorkerScript {
  const source = new URL('./worker.ts', import.meta.url)
  if (existsSync(source)) return { url: source, execArgv: ['--import', import.meta.resolve('jiti/register')] }
  const built = BUILT.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url))
  if (built) return { url: built, execArgv: [] }
  throw new MeshyError('MESHY_PREVIEW_UNAVAILABLE', {
    message: 'Stand-in models cannot be made: the script of their worker is missing from the package',
    hint: 'Keep the files of `unplugin-meshy` together: do not bundle the plugin itself.',
    details: { missing: 'preview/worker.mjs' },
  })
}
