import { createHmac, randomBytes } from 'node:crypto'
import { ApiError, type Connection } from './wire.ts'
import { FaultPlan, type Fault, type RouteName } from './fault.ts'
import type { ResolvedEmulatorOptions } from './options.ts'
import { Account, TaskStore } from './task-store.ts'
import { TASK_KINDS } from '../request/task-kinds.ts'

/** Everything that one emulator remembers. */
export interface EmulatorState {
  options: ResolvedEmulatorOptions
  account: Account
  tasks: TaskStore
  rate: ReturnType<typeof createRateWindow>
  urls: ReturnType<typeof createAssetUrls>
  faults: FaultPlan
  /** Aborted when the emulator is closed: everything that waits must stop. */
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
    rate: createRateWindow(options),
    urls: createAssetUrls(options),
    closing: new AbortController(),
  }
}

const WINDOW_MS = 1000

/** At most this many requests in any second. Refused requests do not count. */
function createRateWindow({ requestsPerSecond, retryAfter }: ResolvedEmulatorOptions) {
  let accepted: number[] = []
  return {
    /** Counts a request. Throws 429 if the second is full. */
    take(now: number): void {
      accepted = accepted.filter((at) => at > now - WINDOW_MS)
      if (accepted.length >= requestsPerSecond) {
        throw new ApiError(429, 'RateLimitExceeded', retryAfter ? { 'retry-after': '1' } : {})
      }
      accepted.push(now)
    },
  }
}

/** Signs the URLs of files, each for a limited time. */
function createAssetUrls({ assetsUrl, urlMs }: ResolvedEmulatorOptions) {
  const secret = randomBytes(32)
  const signatureOf = (path: string, expires: string) =>
    createHmac('sha256', secret).update(`${path}?${expires}`).digest('base64url')
  return {
    /** A URL of one file of a task that works from now on until it expires. */
    sign(taskId: string, file: string, now: number): string {
      const path = `/emulator/tasks/${taskId}/output/${file}`
      const expires = String((now + urlMs) / 1000)
      const query = new URLSearchParams({ Expires: expires, Signature: signatureOf(path, expires) })
      return `${assetsUrl.replace(/\/+$/, '')}${path}?${query}`
    },
    /** Whether a URL was signed here and has not expired. */
    isValid({ pathname, searchParams }: URL, now: number): boolean {
      const expires = searchParams.get('Expires') ?? ''
      const signature = searchParams.get('Signature')
      return signature === signatureOf(pathname, expires) && now < Number(expires) * 1000
    },
  }
}

/** One request that arrived. */
export interface LoggedRequest {
  route: RouteName
  method: string
  /** Without query. */
  path: string
  /** With the question mark; empty if there is none. */
  query: string
  /** Where it arrived. */
  origin: 'api' | 'assets'
  /** Whether it carried an Authorization header, with any value. */
  authorized: boolean
  /** Milliseconds since 1970, by the emulator's clock. */
  at: number
  /** Status of the answer; 0 until there is one, and if the connection broke. */
  status: number
  /** The JSON of a create request, if it could be parsed. */
  body: Record<string, unknown> | undefined
}

/** How many requests there were. */
export interface RequestCounts {
  /** Create requests that arrived, whatever became of them. */
  posts: number
  /** Create requests that were accepted: tasks that were created. */
  created: number
  /** Answers of 429. */
  limited: number
  /** Files that were requested. */
  downloads: number
  /** All requests. */
  total: number
}

/** The entry for a request that has just arrived. */
export function logEntry(
  request: Request,
  { assetsUrl, at }: { assetsUrl: string; at: number },
): LoggedRequest {
  const { origin, pathname: path, search: query } = new URL(request.url)
  return {
    route: routeOf(request.method, path),
    method: request.method,
    path,
    query,
    origin: origin === new URL(assetsUrl).origin ? 'assets' : 'api',
    authorized: request.headers.has('authorization'),
    at,
    status: 0,
    body: undefined,
  }
}

const TASK_PATH = new RegExp(`^/openapi/v1/(?:${TASK_KINDS.join('|')})(?<id>/[^/]+)?(?<stream>/stream)?$`)

/** Determines what a request is for. */
function routeOf(method: string, path: string): RouteName {
  if (path.startsWith('/emulator/tasks/')) return 'asset'
  if (path === '/openapi/v1/balance') return 'balance'
  const found = TASK_PATH.exec(path)?.groups
  if (!found) return 'unknown'
  const verb = `${method}${found.id ? ' id' : ''}${found.stream ? ' stream' : ''}`
  return ROUTES[verb] ?? 'unknown'
}

const ROUTES: Record<string, RouteName> = {
  POST: 'create',
  GET: 'list',
  'GET id': 'retrieve',
  'GET id stream': 'stream',
  'DELETE id': 'delete',
}

export function countRequests(requests: readonly LoggedRequest[], created: number): RequestCounts {
  const count = (fits: (request: LoggedRequest) => boolean) => requests.filter(fits).length
  return {
    posts: count(({ route }) => route === 'create'),
    created,
    limited: count(({ status }) => status === 429),
    downloads: count(({ route }) => route === 'asset'),
    total: requests.length,
  }
}
