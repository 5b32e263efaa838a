import type { Fault, FaultKind, FaultRequest, FaultRule, RouteName } from './fault.ts'

/** Which requests a kind of fault fits, when the rule does not say. */
const API: readonly RouteName[] = ['create', 'retrieve', 'delete', 'list', 'stream', 'balance']
const VIEWS: readonly RouteName[] = ['retrieve', 'list', 'stream']
const TASKS: readonly RouteName[] = ['retrieve', 'delete', 'list', 'stream']
const DEFAULT_ROUTES: Record<FaultKind, readonly RouteName[]> = {
  status: API,
  rateLimited: API,
  unauthorized: API,
  htmlAnswer: API,
  redirect: API,
  resetBeforeAnswer: API,
  silent: API,
  lostAnswer: ['create'],
  queueFull: ['create'],
  outOfCredits: ['create'],
  failTask: ['create'],
  slow99: ['create'],
  gone404: ['retrieve'],
  expired: TASKS,
  unknownStatus: VIEWS,
  nullFields: VIEWS,
  noModel: VIEWS,
  noNames: VIEWS,
  cutNames: VIEWS,
  foreignNames: VIEWS,
  oddFields: VIEWS,
  noDates: VIEWS,
  noStream: ['stream'],
  streamReset: ['stream'],
  streamEnd: ['stream'],
  streamGarbage: ['stream'],
  streamSilent: ['stream'],
  streamError: ['stream'],
  truncatedAsset: ['asset'],
  assetReset: ['asset'],
  htmlAsset: ['asset'],
  wrongTypeAsset: ['asset'],
  expiredUrl: ['asset'],
  assetRedirect: ['asset'],
}

/** Decides which request meets which fault. Each rule counts the requests that it fits by itself. */
export class FaultPlan {
  readonly #rules: { rule: FaultRule; seen: number }[] = []

  add(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 })
  }

  clear(): void {
    this.#rules.length = 0
  }

  /** The fault of the first rule that chooses the request. Each rule that it fits counts it, chosen or not. */
  take(request: FaultRequest): Fault | undefined {
    let chosen: Fault | undefined
    for (const entry of this.#rules) {
      if (!fits(entry.rule, request)) continue
      entry.seen += 1
      if (isChosen(entry.rule, entry.seen)) chosen ??= entry.rule
    }
    return chosen
  }
}

function fits(rule: FaultRule, request: FaultRequest): boolean {
  const routes = rule.on ? [rule.on] : DEFAULT_ROUTES[rule.kind]
  return routes.includes(request.route) && (rule.when?.(request) ?? true)
}

function isChosen({ nth, from = 1 }: FaultRule, count: number): boolean {
  if (nth === undefined) return count >= from
  return Array.isArray(nth) ? nth.includes(count) : nth === count
}
