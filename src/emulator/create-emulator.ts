import { Hono } from 'hono'
import { ApiError, noMatchingRoute, PLAIN_CONNECTION, type Connection } from './wire.ts'
import type { Fault, FaultRule } from './fault.ts'
import type { ModelsInUse } from './model-maker.ts'
import { resolveEmulatorOptions, type EmulatorOptions } from './options.ts'
import { requestFaults } from './request-faults.ts'
import {
  countRequests,
  logEntry,
  createState,
  type LoggedRequest,
  type RequestCounts,
  type EmulatorEnv,
  type EmulatorState,
} from './state.ts'
import { addAssetRoute } from './assets.ts'
import { addBalanceRoute, addTaskRoutes, addStreamRoute } from './routes.ts'
import { TASK_KINDS } from '../request/task-kinds.ts'
import { taskView, type TaskView } from './task-view.ts'
import { createMiddleware } from 'hono/factory'

/** The Meshy API in this process. */
export interface Emulator {
  /** Answers a request to the API, or to a file if it goes to the origin of `assetsUrl`. */
  fetch: (input: Request | string | URL, init?: RequestInit) => Promise<Response>
  /** The key that is accepted. */
  apiKey: string
  /** Origin of the files. */
  assetsUrl: string
  /** Every request that arrived so far, oldest first. */
  requests: readonly LoggedRequest[]
  /** How many there were. */
  readonly counts: RequestCounts
  /** Remaining credits. */
  readonly balance: number
  /** The tasks that a client can see, oldest first, as the API would return them. */
  tasks: () => TaskView[]
  /** Adds a fault from now on. */
  fail: (rule: FaultRule) => void
  /** Removes all faults. */
  heal: () => void
  /** Which models are made, and why not better ones. */
  models: () => Promise<ModelsInUse>
  /** Ends all streams, and the threads that make models. */
  close: () => Promise<void>
}

/** {@link Emulator}, for callers that have a real connection to pass on. */
export interface WiredEmulator extends Emulator {
  handle: (request: Request, connection: Connection) => Promise<Response>
}

/**
 * Makes the Meshy API as a web-standard handler: no port, no network, no credits.
 *
 * @example
 * const emulator = createEmulator({ taskMs: 50 })
 * const answer = await emulator.fetch('https://api.meshy.ai/openapi/v1/balance', {
 *   headers: { authorization: `Bearer ${emulator.apiKey}` },
 * })
 */
export function createEmulator(options: EmulatorOptions = {}): WiredEmulator {
  const resolved = resolveEmulatorOptions(options)
  const state = createState(resolved)
  const requests: LoggedRequest[] = []
  const apps = { api: createApp(state, addApiRoutes), assets: createApp(state, addAssetRoute) }

  async function handle(request: Request, connection: Connection): Promise<Response> {
    const entry = logEntry(request, { assetsUrl: resolved.assetsUrl, at: state.now() })
    requests.push(entry)
    const env: EmulatorEnv['Bindings'] = { connection, fault: state.faults.take(entry), log: entry }
    const response = await apps[entry.origin].fetch(request, env)
    entry.status = isCut(env.fault) ? 0 : response.status
    return stamped(response, state, requests.length)
  }

  return {
    handle,
    fetch: (input, init) => handle(new Request(input, init), PLAIN_CONNECTION),
    apiKey: resolved.apiKey,
    assetsUrl: resolved.assetsUrl,
    requests,
    get counts() {
      return countRequests(requests, state.tasks.created)
    },
    get balance() {
      return state.account.balance
    },
    tasks: () => state.tasks.list().map((task) => taskView(state, task)),
    fail: (rule) => state.faults.add(rule),
    heal: () => state.faults.clear(),
    models: async () => resolved.maker.inUse?.() ?? { kind: 'mesh' },
    async close() {
      state.closing.abort()
      await resolved.maker.close?.()
    },
  }
}

function createApp(state: EmulatorState, addRoutes: (app: Hono<EmulatorEnv>, state: EmulatorState) => void) {
  const app = new Hono<EmulatorEnv>()
  app.notFound(() => noMatchingRoute().toResponse())
  app.onError(answerError)
  app.use(requestFaults(state))
  addRoutes(app, state)
  return app
}

function addApiRoutes(app: Hono<EmulatorEnv>, state: EmulatorState): void {
  app.use(`/openapi/v1/:route{${[...TASK_KINDS, 'balance'].join('|')}}/*`, guard(state))
  for (const kind of TASK_KINDS) {
    addTaskRoutes(app, state, kind)
    addStreamRoute(app, state, kind)
  }
  addBalanceRoute(app, state)
}

/** Lets a request through if it has the key, does not come from a browser, and stays within the rate limit. */
function guard({ options, rate, now }: EmulatorState) {
  return createMiddleware<EmulatorEnv>(async (context, next) => {
    // The service refuses browsers by design: a key in a page is public.
    if (context.req.header('origin') !== undefined) throw new ApiError(403, 'Forbidden')
    if (context.req.header('authorization') !== `Bearer ${options.apiKey}`) {
      throw new ApiError(401, 'Invalid API key')
    }
    rate.take(now())
    await next()
  })
}

function answerError(error: Error): Response {
  if (error instanceof ApiError) return error.toResponse()
  throw error
}

function isCut(fault: Fault | undefined): boolean {
  return fault?.kind === 'lostAnswer' || fault?.kind === 'resetBeforeAnswer'
}

const API_VERSION = 'emulator'

/** The service's clock and the headers by which its support finds a request. */
function stamped(response: Response, state: EmulatorState, count: number): Response {
  response.headers.set('date', new Date(state.now()).toUTCString())
  response.headers.set('x-api-version', API_VERSION)
  response.headers.set('x-request-id', `emulator-${count}`)
  return response
}
