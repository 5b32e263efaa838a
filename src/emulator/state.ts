import { createHmac, randomBytes } from 'node:crypto'
import { ApiError } from './api-error.ts'
import type { Connection } from './connection.ts'
import { FaultPlan } from './fault.ts'
import type { Fault } from './fault.ts'
import type { ResolvedEmulatorOptions } from './options.ts'
import type { LoggedRequest } from './request-log.ts'
import { Account, TaskStore } from './task-store.ts'

/** Everything that one emulator remembers. */
export interface EmulatorState {
  options: ResolvedEmulatorOptions
  account: Account
  tasks: TaskStore
  rate: RateWindow
  urls: AssetUrls
  faults: FaultPlan
  /** Aborted when the emulator is closed: whoever waits must stop. */
  closing: AbortController
  now: () => number
}

/** What Hono passes along with each request. */
export interface EmulatorEnv {
  Bindings: { connection: Connection; fault: Fault | undefined; log: LoggedRequest }
}

export function createState(options: ResolvedEmulatorOptions): EmulatorState {
  const now = () => options.clock.now()
  const account = new Account(options.credits)
  const faults = new FaultPlan()
  for (const rule of options.faults) faults.add(rule)
  return {
    options,
    account,
    faults,
    now,
    tasks: new TaskStore({ ...options, now, account }),
    rate: new RateWindow(options.requestsPerSecond, options.retryAfter),
    urls: new AssetUrls(options.assetsUrl, options.urlMs),
    closing: new AbortController(),
  }
}

const WINDOW_MS = 1000

/** At most so many requests in any second. What was refused does not count. */
class RateWindow {
  readonly #limit: number
  readonly #retryAfter: boolean
  #accepted: number[] = []

  constructor(limit: number, retryAfter: boolean) {
    this.#limit = limit
    this.#retryAfter = retryAfter
  }

  /** Counts a request. Throws 429 when the second is full. */
  take(now: number): void {
    this.#accepted = this.#accepted.filter((at) => at > now - WINDOW_MS)
    if (this.#accepted.length >= this.#limit) {
      throw new ApiError(429, 'RateLimitExceeded', this.#retryAfter ? { 'retry-after': '1' } : {})
    }
    this.#accepted.push(now)
  }
}

/** Signs the URLs of files, each for a while only. */
export class AssetUrls {
  readonly #secret = randomBytes(32)
  readonly #origin: string
  readonly #urlMs: number

  constructor(assetsUrl: string, urlMs: number) {
    this.#origin = assetsUrl.replace(/\/+$/, '')
    this.#urlMs = urlMs
  }

  /** A URL of one file of a task that works from now on until it expires. */
  sign(taskId: string, file: string, now: number): string {
    const path = `/emulator/tasks/${taskId}/output/${file}`
    const expires = String((now + this.#urlMs) / 1000)
    const query = new URLSearchParams({ Expires: expires, Signature: this.#signature(path, expires) })
    return `${this.#origin}${path}?${query}`
  }

  /** Whether a URL was signed here and has not expired. */
  isValid(url: URL, now: number): boolean {
    const expires = url.searchParams.get('Expires') ?? ''
    const signature = url.searchParams.get('Signature')
    return signature === this.#signature(url.pathname, expires) && now < Number(expires) * 1000
  }

  #signature(path: string, expires: string): string {
    return createHmac('sha256', this.#secret).update(`${path}?${expires}`).digest('base64url')
  }
}
