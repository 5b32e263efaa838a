import { printable } from './printable.ts'

/** Where people are told things; bundlers bring their own. */
export interface Logger {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/**
 * A logger that passes every text through `redact`, so that no message can hold a secret, and spells out what a terminal
 * would obey.
 */
export function redactedLogger(logger: Logger, redact: (text: string) => string): Logger {
  const clean = (text: string) => printable(redact(text))
  return {
    info: (text) => logger.info(clean(text)),
    warn: (text) => logger.warn(clean(text)),
    error: (text) => logger.error(clean(text)),
  }
}

/** All on stderr: what a build prints on stdout may be its output. */
export const consoleLogger: Logger = {
  info: (text) => console.error(text),
  warn: (text) => console.warn(text),
  error: (text) => console.error(text),
}
