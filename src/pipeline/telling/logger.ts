/** Where the pipeline tells people things; bundlers bring their own. */
export interface Logger {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/** A logger that passes every text through `redact`, so that no message can hold a secret. */
export function redactedLogger(logger: Logger, redact: (text: string) => string): Logger {
  return {
    info: (text) => logger.info(redact(text)),
    warn: (text) => logger.warn(redact(text)),
    error: (text) => logger.error(redact(text)),
  }
}

/** All on stderr: what a build prints on stdout may be its output. */
export const consoleLogger: Logger = {
  info: (text) => console.error(text),
  warn: (text) => console.warn(text),
  error: (text) => console.error(text),
}
