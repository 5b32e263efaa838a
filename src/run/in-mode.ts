import type { Mode } from '../finding/modes.ts'
import type { Context } from './context.ts'

/** The same run in another mode. */
export function inMode(context: Context, mode: Mode): Context {
  const { ports } = context
  return { ...context, ports: { ...ports, options: { ...ports.options, mode } } }
}
