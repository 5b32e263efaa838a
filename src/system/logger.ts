import { type Redactor, printable } from './redact.ts'
import { formatSite, type ImportSite } from './errors.ts'
import type { Environment } from './process.ts'

/** Where messages for people go; bundlers bring their own. */
export interface Logger {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/**
 * A logger that passes every text through `redact`, so that no message can contain a secret, and escapes what a
 * terminal would interpret.
 */
export function redactedLogger(logger: Logger, redact: (text: string) => string): Logger {
  const clean = (text: string) => printable(redact(text))
  return {
    info: (text) => logger.info(clean(text)),
    warn: (text) => logger.warn(clean(text)),
    error: (text) => logger.error(clean(text)),
  }
}

/** Everything goes to stderr: what a build prints on stdout may be its output. */
export const consoleLogger: Logger = {
  info: (text) => console.error(text),
  warn: (text) => console.warn(text),
  error: (text) => console.error(text),
}

/** Takes one line of debug output. */
export type Log = (line: string) => void

interface DebugOptions {
  env: Environment
  redact: Redactor
  /** Takes the finished line, newline included. */
  write: (text: string) => void
}

/** A log that writes if `DEBUG` includes `unplugin-meshy`, and `undefined` otherwise. */
export function createDebugLog({ env, redact, write }: DebugOptions): Log | undefined {
  const names = (env.DEBUG ?? '').split(/[\s,]+/)
  const wanted = names.some((name) => name === '*' || name === 'unplugin-meshy' || name === 'unplugin-meshy*')
  if (!wanted) return undefined
  return (line) => write(`unplugin-meshy ${printable(redact(line))}\n`)
}

/** Passes on the first warning only: what it is about is wrong for whatever comes next, too. */
export function warnOnce(warn: (text: string) => void) {
  let hasWarned = false
  return {
    hasWarned: () => hasWarned,
    warn(text: string): void {
      if (!hasWarned) warn(text)
      hasWarned = true
    },
  }
}

/** Shows each notice once per process, however often modules are loaded. */
export class Notices {
  #told = new Set<string>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Shows a text where it first occurs, and nowhere else. */
  first(text: string, site: ImportSite): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.once(text, site)
  }

  once(text: string, site?: ImportSite): void {
    const line = site ? `${formatSite(site)}: ${text}` : text
    if (this.#told.has(line)) return
    this.#told.add(line)
    this.#logger.warn(`meshy: ${line}`)
  }
}
