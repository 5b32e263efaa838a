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
 * through jiti where Node.js does not read TypeScript itself.
 */
export function findWorkerScript(): WorkerScript {
  const source = new URL('./worker.ts', import.meta.url)
  if (existsSync(source))
    return {
      url: source,
      execArgv: readsTypeScript() ? [] : ['--import', import.meta.resolve('jiti/register')],
    }
  const built = BUILT.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url))
  if (built) return { url: built, execArgv: [] }
  throw new MeshyError('MESHY_PREVIEW_UNAVAILABLE', {
    message: 'Stand-in models cannot be made: the script of their worker is missing from the package',
    hint: 'Keep the files of `unplugin-meshy` together: do not bundle the plugin itself.',
    details: { missing: 'preview/worker.mjs' },
  })
}

function readsTypeScript(): boolean {
  const features: object = process.features
  return 'typescript' in features && features.typescript !== false
}
