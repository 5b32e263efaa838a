/** The wire below a request, as far as faults need it. */
export interface Connection {
  /**
   * Breaks it. Where there is no socket to destroy, the error that the client is to meet is returned; then whoever
   * writes the answer must raise it.
   */
  cut: () => Error | undefined
  /** Resolves when everything that was written so far has left. */
  flushed: () => Promise<void>
}

/** A connection without a wire: a request that is handed over within the process. */
export function createPlainConnection(): Connection {
  return {
    cut: () => new TypeError('The connection was reset'),
    flushed: () => Promise.resolve(),
  }
}
