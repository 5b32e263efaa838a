import type { Mode } from '../finding/modes.ts'
import type { Context } from './context.ts'

/** The same run in another mode. */
export function withMode(context: Context, mode: Mode): Context {
  const { ports, paying } = context
  const options = { ...ports.options, mode }
  return {
    ...context,
    ports: { ...ports, options },
    paying: async () => ({ ...(await paying()), options }),
  }
}
