import { Account } from './account.ts'
import { AssetUrls } from './asset-urls.ts'
import type { Connection } from './connection.ts'
import type { Fault } from './fault.ts'
import { FaultPlan } from './fault-plan.ts'
import type { ResolvedEmulatorOptions } from './options.ts'
import { RateWindow } from './rate-window.ts'
import type { LoggedRequest } from './request-log.ts'
import { TaskStore } from './task-store.ts'

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
