// In the place of Node's own, which take longer to make and to collect than all that is done with them.

export class AbortSignal {
  aborted = false
  reason: unknown = undefined
  readonly #listeners = new Set<() => void>()

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const made = new AbortSignal()
    for (const signal of signals) {
      if (signal.aborted) abort(made, signal.reason)
      else signal.addEventListener('abort', () => abort(made, signal.reason))
    }
    return made
  }

  /** Each of our listeners is removed once it was called, or calls for nothing. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  /** Tells whoever listens. */
  tell(): void {
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }
}

const ABORTED = new DOMException('This operation was aborted', 'AbortError')

export class AbortController {
  readonly signal = new AbortSignal()

  abort(reason: unknown = ABORTED): void {
    abort(this.signal, reason)
  }
}

function abort(signal: AbortSignal, reason: unknown): void {
  if (signal.aborted) return
  signal.aborted = true
  signal.reason = reason
  signal.tell()
}
