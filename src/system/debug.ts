import { printable } from './printable.ts'
import type { Redactor } from './redact.ts'

/** Takes one line of debug output. */
export type Log = (line: string) => void

export interface DebugOptions {
  env: Record<string, string | undefined>
  redact: Redactor
  /** Takes the finished line, newline included. */
  write: (text: string) => void
}

/** A log that writes when `DEBUG` names `unplugin-meshy`, and `undefined` when it does not. */
export function createDebugLog({ env, redact, write }: DebugOptions): Log | undefined {
  const names = (env.DEBUG ?? '').split(/[\s,]+/)
  const wanted = names.some((name) => name === '*' || name === 'unplugin-meshy' || name === 'unplugin-meshy*')
  if (!wanted) return undefined
  return (line) => write(`unplugin-meshy ${printable(redact(line))}\n`)
}
