import { formatError, isMeshyError, type ImportSite } from '../system/errors.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { UsageError } from './usage-error.ts'

/** What a command tells of an error. */
export interface Failure {
  exitCode: ExitCode
  /** For people. */
  text: string
  /** For `--json`. */
  facts: Record<string, unknown>
  /** For `--verbose`. */
  stack: string | undefined
}

/** An expected failure of the plugin, as bundlers hand it on: wrapped, with its text as message. */
interface Reported {
  code: string
  message: string
  hint?: string | undefined
  site?: ImportSite | undefined
  details?: unknown
  stack?: string
}

/** Tells expected failures from bugs; those have a stack at once. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) {
    const { message } = error
    return { exitCode: EXIT.usage, text: message, facts: { code: 'USAGE', message }, stack: undefined }
  }
  const reported = findReported(error)
  if (reported) {
    const { code, message, hint, site, details } = reported
    return {
      exitCode: EXIT.failed,
      text: isMeshyError(reported) ? formatError(reported) : message,
      facts: { code, message, hint, site, details },
      stack: stackOf(error),
    }
  }
  const text = stackOf(error) ?? String(error)
  return { exitCode: EXIT.bug, text, facts: { code: 'BUG', message: text }, stack: undefined }
}

/**
 * An expected failure of ours within whatever was thrown. Bundlers wrap errors of plugins, and move their code: Rollup
 * to `pluginCode`, Rolldown into a list.
 */
export function findReported(error: unknown): Reported | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, pluginCode, errors, cause } = error as Record<string, unknown>
  const found = [code, pluginCode].find((name) => typeof name === 'string' && name.startsWith('MESHY_'))
  if (found !== undefined) return isMeshyError(error) ? error : plain(error as Error, String(found))
  const inner = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause]
  return inner.map(findReported).find((reported) => reported !== undefined)
}

function plain(error: Error & Partial<Reported>, code: string): Reported {
  const { hint, site, details } = error
  const message = error.message.replace(/^\[(?:plugin )?[^\]]*unplugin-meshy[^\]]*\]\s*/, '')
  return { code, message, hint, site, details }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined
}
