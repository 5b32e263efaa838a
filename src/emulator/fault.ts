import type { TaskFailure } from './model-maker.ts'

/** What a request is for. */
export type RouteName = 'create' | 'retrieve' | 'delete' | 'list' | 'stream' | 'balance' | 'asset' | 'unknown'

/** An answer instead of the real one; the request has no effect. */
export type RefusalFault =
  /** Any status. With `effective`, the request has its effect before it is answered this way. */
  | { kind: 'status'; status: number; message?: string; effective?: boolean }
  /** 429 `RateLimitExceeded`. @param retryAfter seconds for the header, none when absent */
  | { kind: 'rateLimited'; retryAfter?: number }
  /** 429 `NoMoreConcurrentTasks`. */
  | { kind: 'queueFull' }
  /** 402. */
  | { kind: 'outOfCredits' }
  /** 401, as after a key was revoked. */
  | { kind: 'unauthorized' }
  /** 404, as after the retention. */
  | { kind: 'gone404' }
  /** All of the account's tasks are past their retention: 404 for each, and an empty list. */
  | { kind: 'expired' }
  /** An HTML page of a proxy. @param status default 502 */
  | { kind: 'htmlAnswer'; status?: number }
  /** A redirect to somewhere else, which must not get the key. */
  | { kind: 'redirect'; to: string }

/** A connection that breaks. */
export type ConnectionFault =
  /** The request has its effect, and its answer never arrives. */
  | { kind: 'lostAnswer' }
  /** The connection breaks before the request has any effect. */
  | { kind: 'resetBeforeAnswer' }
  /** Nothing is ever answered. */
  | { kind: 'silent' }

/** A task that goes wrong; selected among the create requests. */
export type TaskFault =
  /** The task fails and is refunded; with `charged`, it is not. */
  | ({ kind: 'failTask' } & TaskFailure)
  /** The task stays at 99 % for this many additional milliseconds. */
  | { kind: 'slow99'; ms: number }

/** A task that is reported incorrectly, in answers to retrieve, list and stream. */
export type ViewFault =
  /** A status that is not documented. */
  | { kind: 'unknownStatus'; status?: string }
  /** What is unset is `null`, or omitted where the reference always sends it. */
  | { kind: 'nullFields' }
  /** Succeeded, but without a model. */
  | { kind: 'noModel' }
  /** Names that clients gave are not returned. */
  | { kind: 'noNames' }
  /** Names are returned up to this many characters. @param characters default 20 */
  | { kind: 'cutNames'; characters?: number }
  /** Names that clients gave are not returned, and the list has a task with a name that belongs to someone else. */
  | { kind: 'foreignNames'; name?: string }
  /** Fields have these values, or functions of the correct values; `undefined` values are omitted. */
  | { kind: 'oddFields'; fields: Record<string, unknown> }
  /** No times are reported. */
  | { kind: 'noDates' }

/** A stream that goes wrong. */
export type StreamFault =
  /** There is no such route. */
  | { kind: 'noStream' }
  /** The connection breaks after this many events. @param events default 1 */
  | { kind: 'streamReset'; events?: number }
  /** The stream ends properly after this many events. @param events default 1 */
  | { kind: 'streamEnd'; events?: number }
  /** Lines that are not events, and events that are not JSON. */
  | { kind: 'streamGarbage' }
  /** Headers, and then nothing. */
  | { kind: 'streamSilent' }
  /** An error event after 200. @param status default 500 */
  | { kind: 'streamError'; status?: number; message?: string }

/** A file that goes wrong. */
export type AssetFault =
  /** A shorter file that claims to be complete. */
  | { kind: 'truncatedAsset' }
  /** The connection breaks in the middle of the file. */
  | { kind: 'assetReset' }
  /** 200 with an HTML page. */
  | { kind: 'htmlAsset' }
  /** 200 with an image instead of a model, and with JSON instead of anything else. */
  | { kind: 'wrongTypeAsset' }
  /** 403, as after the signature has expired. */
  | { kind: 'expiredUrl' }
  /** A redirect. @param to default: the same file, once more */
  | { kind: 'assetRedirect'; to?: string }

export type Fault = RefusalFault | ConnectionFault | TaskFault | ViewFault | StreamFault | AssetFault

export type FaultKind = Fault['kind']

/** What a fault can be selected by. */
export interface FaultRequest {
  route: RouteName
  method: string
  /** Path without query. */
  path: string
}

/** A fault and the requests that it applies to: by default all that it fits. */
export type FaultRule = Fault & {
  /** Only requests of this route. By default, those that the kind of fault fits. */
  on?: RouteName
  /** Only requests for which this returns true. */
  when?: (request: FaultRequest) => boolean
  /** Only the n-th of those requests, counted from 1, or several of them. */
  nth?: number | number[]
  /** Only the n-th of those requests and all later ones. */
  from?: number
}

/** Which requests a kind of fault fits, if the rule does not say. */
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

/** Decides which request gets which fault. Each rule counts the requests that it fits separately. */
export class FaultPlan {
  readonly #rules: { rule: FaultRule; seen: number }[] = []

  add(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 })
  }

  clear(): void {
    this.#rules.length = 0
  }

  /** The fault of the first rule that selects the request. Each rule that it fits counts it, selected or not. */
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
