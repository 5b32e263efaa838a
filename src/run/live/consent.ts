import type { Request } from '../../request/request.ts'
import type { Clock } from '../../system/clock.ts'
import { by } from '../../system/order.ts'
import type { Finding } from '../../finding/classify.ts'
import type { Logger } from '../../system/logger.ts'
import { priceOf } from '../../generate/price.ts'

/** A model that waits for the developer's yes. */
export interface Asked {
  request: Request
  finding: Finding
}

/** How a developer can say yes in this run. */
export interface WaysToAgree {
  /** Keys of the terminal, where one listens. */
  key?: string | undefined
  /** Path of a page with a button, where there is one. */
  page?: string | undefined
}

/** What is asked now about a model; of what nobody imports, it is asked again when somebody does. */
export type Reread = (asked: Asked) => Promise<Asked | 'unwanted' | 'ready'>

interface ConsentOptions {
  clock: Clock
  logger: Logger
  ways: () => WaysToAgree
  reread: Reread
}

/** How long imports are gathered before the developer is asked about all of them. */
const GATHER_MS = 300

/** The models that a live run may generate only after a yes. A yes holds for these keys alone. */
export class Consent {
  #asked = new Map<string, Asked>()
  #announcing = false
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ways: () => WaysToAgree
  readonly #reread: Reread

  /** @param reread says what is asked now, right before people are told of it or have said yes */
  constructor({ clock, logger, ways, reread }: ConsentOptions) {
    this.#clock = clock
    this.#logger = logger
    this.#ways = ways
    this.#reread = reread
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

  /** Takes out what is still asked, for a yes. A second yes at the same moment finds nothing. */
  async take(keys: Iterable<string> = this.#asked.keys()): Promise<Asked[]> {
    const taken = [...keys].flatMap((key) => this.#asked.get(key) ?? [])
    for (const { request } of taken) this.#asked.delete(request.key)
    const current = await Promise.all(taken.map((asked) => this.#reread(asked)))
    for (const [index, now] of current.entries()) {
      const asked = taken[index]
      if (now === 'unwanted' && asked) this.#asked.set(asked.request.key, asked)
    }
    return current.filter((now) => typeof now !== 'string')
  }

  /** What a yes would be about. */
  async #current(): Promise<Asked[]> {
    const current = await Promise.all(
      [...this.#asked].map(async ([key, asked]) => ({ key, now: await this.#reread(asked) })),
    )
    for (const { key, now } of current) if (now === 'ready') this.#asked.delete(key)
    return current.flatMap(({ now }) => (typeof now === 'string' ? [] : [now]))
  }

  async #announce(): Promise<void> {
    this.#announcing = true
    await this.#clock.sleep(GATHER_MS)
    this.#announcing = false
    const current = await this.#current()
    if (current.length === 0) return
    const asked = current.toSorted(by(({ request }) => [request.imageName, request.key]))
    const sum = asked.reduce((total, one) => total + costOf(one), 0)
    const names = asked.map(({ request }) => request.imageName).join(', ')
    this.#logger.info(`meshy: ${names}: ${sum} credits. ${sentence(this.#ways())}`)
    for (const { finding } of asked) if (finding.free) this.#logger.info(`meshy: ${finding.free}`)
  }
}

/** What is on its way is only looked for. */
function costOf({ request, finding }: Asked): number {
  return finding.state === 'missing' ? priceOf(request) : 0
}

function sentence({ key, page }: WaysToAgree): string {
  if (key && page) return `Press ${key} to generate, or open ${page}`
  if (key) return `Press ${key} to generate.`
  return page
    ? `Open ${page} to generate.`
    : 'Build with MESHY_MODE=generate, or run `npx unplugin-meshy generate`.'
}
