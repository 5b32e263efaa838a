import { formatError, isMeshyError, MeshyError, messageOf, type ImportSite } from '../system/errors.ts'

/** The meaning of a command's exit code; stable, see docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** An expected failure: message, next step and code are on stderr. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** `plan` only: models are missing. */
  missing: 3,
  /** A bug of ours. */
  bug: 70,
} as const

/** An invalid command line: reported in one sentence, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a command says about an error. */
export interface Failure {
  exitCode: (typeof EXIT)[keyof typeof EXIT]
  /** For people. */
  text: string
  /** For `--json`. */
  facts: Record<string, unknown>
  /** For `--verbose`. */
  stack?: string | undefined
}

/** An expected failure of the plugin, as bundlers pass it on: wrapped, with its text as message. */
interface Reported {
  code: string
  message: string
  hint?: string | undefined
  site?: ImportSite | undefined
  details?: unknown
}

/** Distinguishes expected failures from bugs; bugs show a stack at once. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) {
    const { message } = error
    return { exitCode: EXIT.usage, text: message, facts: { code: 'USAGE', message } }
  }
  const stack = error instanceof Error ? error.stack : undefined
  const reported = findReported(error)
  if (reported) {
    const { code, message, hint, site, details } = reported
    const text = isMeshyError(reported) ? formatError(reported) : message
    return { exitCode: EXIT.failed, text, facts: { code, message, hint, site, details }, stack }
  }
  const text = stack ?? String(error)
  return { exitCode: EXIT.bug, text, facts: { code: 'BUG', message: text } }
}

/**
 * Runs a step that executes the project's own code: its config, its plugins, its sources.
 *
 * @throws {MeshyError} MESHY_BUILD_FAILED if that fails by itself; what the plugin throws, unchanged
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

/**
 * An expected failure of ours inside whatever was thrown. Bundlers wrap errors of plugins, and move their code: Rollup
 * to `pluginCode`, Rolldown into a list.
 */
function findReported(error: unknown): Reported | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, pluginCode, errors, cause } = error as Record<string, unknown>
  const found = [code, pluginCode].find((name) => typeof name === 'string' && name.startsWith('MESHY_'))
  if (found !== undefined) return isMeshyError(error) ? error : plain(error as Error, String(found))
  const inner = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause]
  return inner.map(findReported).find((reported) => reported !== undefined)
}

function plain(error: Error & Partial<Reported>, code: string): Reported {
  const { hint, site, details } = error
  const message = messageOf(error).replace(/^\[(?:plugin )?[^\]]*unplugin-meshy[^\]]*\]\s*/, '')
  return { code, message, hint, site, details }
}

/** An error without a code that the plugin threw: it has to show its stack. */
function isOurBug(error: unknown): boolean {
  const { plugin, errors = [] } = error as { plugin?: unknown; errors?: unknown[] }
  return plugin === 'unplugin-meshy' || (Array.isArray(errors) && errors.some(isOurBug))
}
