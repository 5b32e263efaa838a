import type { Request } from '../request/request.ts'
import type { Logger } from '../system/logger.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Says what is on its way when a build is stopped, by Ctrl-C for instance. It stops at once all the same: the journal
 * was durable before anything was sent.
 *
 * It listens only while something is on its way, and then lets the signal do what it does without us.
 */
export class Interrupt {
  #underWay = new Map<string, string>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** A request may have been paid from now on. */
  begin({ key, imageName }: Request): void {
    if (this.#underWay.size === 0) {
      // Before all others: who restores a terminal at the end looks whether it is the last one that listens.
      for (const signal of SIGNALS) process.prependListener(signal, this.#stop)
    }
    this.#underWay.set(key, imageName)
  }

  /** Its model is stored, or its failure was told. */
  end({ key }: Pick<Request, 'key'>): void {
    if (this.#underWay.delete(key) && this.#underWay.size === 0) this.#leave()
  }

  #leave(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#stop)
  }

  #stop = (signal: NodeJS.Signals): void => {
    this.#leave()
    const names = [...this.#underWay.values()].toSorted().join(', ')
    this.#logger.warn(
      `meshy: stopped. On their way: ${names}. The next run picks them up without paying again.`,
    )
    // Whoever else listens was told of this signal as well, and decides what to do.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
}
