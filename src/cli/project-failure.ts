import { MeshyError } from '../system/errors.ts'
import { findReported } from './failure.ts'

/**
 * Runs a step that runs the project's own code: its config, its plugins, its sources.
 *
 * @throws {MeshyError} MESHY_BUILD_FAILED when that fails by itself; what the plugin throws, as it is
 */
export async function ofTheProject<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (findReported(error) || isOurBug(error)) throw error
    throw new MeshyError('MESHY_BUILD_FAILED', {
      message: `The build of the project failed: ${messageOf(error)}`,
      hint: 'Run the build on its own and fix what it reports.',
      cause: error,
    })
  }
}

/** An error without a code that the plugin threw: it has to show its stack. */
function isOurBug(error: unknown): boolean {
  const { plugin, errors = [] } = error as { plugin?: unknown; errors?: unknown[] }
  return plugin === 'unplugin-meshy' || (Array.isArray(errors) && errors.some(isOurBug))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
