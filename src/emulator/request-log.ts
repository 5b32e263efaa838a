import { TASK_KINDS } from '../request/task-kinds.ts'
import type { RouteName } from './fault.ts'

/** One request that arrived. */
export interface LoggedRequest {
  route: RouteName
  method: string
  /** Without query. */
  path: string
  /** With the question mark; empty when there is none. */
  query: string
  /** Where it arrived. */
  origin: 'api' | 'assets'
  /** Whether it carried an Authorization header, with whatever value. */
  authorized: boolean
  /** Milliseconds since 1970, by the emulator's clock. */
  at: number
  /** Status of the answer; 0 while there is none, and when the connection broke. */
  status: number
  /** The JSON of a create request that was understood. */
  body: Record<string, unknown> | undefined
}

/** How many requests there were. */
export interface RequestCounts {
  /** Create requests that arrived, whatever became of them. */
  posts: number
  /** Create requests that were accepted: tasks that were made. */
  created: number
  /** Answers of 429. */
  limited: number
  /** Files that were asked for. */
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

/** Says what a request is for. */
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
