import { MeshyError } from '../../system/errors.ts'
import { findWorkerScript as find, type WorkerScript } from '../../system/worker-script.ts'

/**
 * Finds the script of the workers that make stand-ins.
 *
 * @throws {MeshyError} MESHY_PREVIEW_UNAVAILABLE
 */
export function findWorkerScript(): WorkerScript {
  const script = find('stand-in/mesher')
  if (script) return script
  throw new MeshyError('MESHY_PREVIEW_UNAVAILABLE', {
    message: 'Stand-in models cannot be made: their worker script is missing from the package',
    hint: 'Keep the files of `unplugin-meshy` together; do not bundle the plugin itself.',
    details: { missing: 'stand-in/mesher/worker.mjs' },
  })
}
