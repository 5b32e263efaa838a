import { formatSite, type ImportSite } from './errors.ts'
import type { Logger } from './logger.ts'

/** Tells each notice once for a process, however often modules are loaded. */
export class Notices {
  #told = new Set<string>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Tells a text where it is first met, and nowhere else. */
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
