import type { Request } from '../../request/request.ts'
import type { Clock } from '../../system/clock.ts'
import { by } from '../../system/order.ts'
import type { Finding } from '../classify.ts'
import type { Logger } from '../telling/logger.ts'
import { priceOf } from '../paying/price.ts'

/** A model that waits for the developer's yes. */
export interface Asked {
  request: Request
  finding: Finding
}

/** How a developer can say yes in this run; neither, where nobody is asked twice. */
export interface WaysToAgree {
  /** A key of the terminal. */
  key?: string | undefined
  /** Path of a page with a button. */
  page?: string | undefined
}

/** How long imports are gathered before the developer is asked about all of them. */
const GATHER_MS = 300

/** The models that a live run may generate only after a yes. A yes holds for these keys alone. */
export class Consent {
  #asked = new Map<string, Asked>()
  #announcing = false
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ways: WaysToAgree

  constructor(clock: Clock, logger: Logger, ways: WaysToAgree = {}) {
    this.#clock = clock
    this.#logger = logger
    this.#ways = ways
  }

  ask(asked: Asked): void {
    const isNew = !this.#asked.has(asked.request.key)
    this.#asked.set(asked.request.key, asked)
    if (isNew && !this.#announcing) void this.#announce()
  }

  has(key: string): boolean {
    return this.#asked.has(key)
  }

  remove(key: string): void {
    this.#asked.delete(key)
  }

  /** Takes out what was asked, for a yes. */
  take(keys: Iterable<string> = this.#asked.keys()): Asked[] {
    const taken = [...keys].flatMap((key) => this.#asked.get(key) ?? [])
    for (const { request } of taken) this.#asked.delete(request.key)
    return taken
  }

  async #announce(): Promise<void> {
    this.#announcing = true
    await this.#clock.sleep(GATHER_MS)
    this.#announcing = false
    const asked = [...this.#asked.values()].toSorted(by(({ request }) => [request.imageName, request.key]))
    if (asked.length === 0) return
    const sum = asked.reduce((total, { request }) => total + priceOf(request), 0)
    const names = asked.map(({ request }) => request.imageName).join(', ')
    this.#logger.info(`meshy: ${names}: ${sum} credits. ${sentence(this.#ways)}`)
    for (const { finding } of asked) if (finding.free) this.#logger.info(`meshy: ${finding.free}`)
  }
}

function sentence({ key, page }: WaysToAgree): string {
  if (key && page) return `Press ${key} to generate, or open ${page}`
  if (key) return `Press ${key} to generate.`
  return page ? `Open ${page} to generate.` : 'Build with MESHY_MODE=generate to generate.'
}
