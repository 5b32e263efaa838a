import { formatError, isMeshyError } from '../system/errors.ts'
import { toPosix } from './resolve.ts'

/**
 * An expected failure with place, next step and code in its message, since bundlers show little else. Paths below the
 * root are told from there. It has neither stack nor cause: bundlers print both, and the message says it all.
 */
export function toBundlerError(error: unknown, root: string): unknown {
  if (!isMeshyError(error)) return error
  const { code, hint, site, details, name } = error
  const message = formatError(error).replaceAll(`\`${toPosix(root)}/`, '`')
  // With the line end, so that all bundlers recognise that nothing follows the message.
  const stack = `${name}: ${message}\n`
  return Object.assign(new Error(message), { name, stack, code, hint, site, details })
}
