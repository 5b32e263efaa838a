import { Hono } from 'hono'
import { ApiError, noMatchingRoute } from './api-error.ts'
import { createPlainConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { Fault, FaultRule } from './fault.ts'
import type { ModelsInUse } from './model-maker.ts'
import { resolveEmulatorOptions } from './options.ts'
import type { EmulatorOptions } from './options.ts'
import { requestFaults } from './request-faults.ts'
import { countRequests, logEntry } from './request-log.ts'
import type { LoggedRequest, RequestCounts } from './request-log.ts'
import { createAssetsApp } from './routes/assets.ts'
import { addBalanceRoute } from './routes/tasks.ts'
import { guard } from './routes/tasks.ts'
import { addStreamRoute } from './routes/stream.ts'
import { addTaskRoutes } from './routes/tasks.ts'
import { createState } from './state.ts'
import type { EmulatorEnv, EmulatorState } from './state.ts'
import { TASK_KINDS } from '../request/task-kinds.ts'
import { taskView } from './task-view.ts'
import type { TaskView } from './task-view.ts'

/** The Meshy API in this process. */
export interface Emulator {
  /** Answers a request to the API, or to a file when it goes to the origin of `assetsUrl`. */
  fetch: (input: Request | string | URL, init?: RequestInit) => Promise<Response>
  /** The key that is accepted. */
  apiKey: string
  /** Origin of the files. */
  assetsUrl: string
  /** Every request that arrived so far, oldest first. */
  requests: readonly LoggedRequest[]
  /** How many there were. */
  readonly counts: RequestCounts
  /** Credits that are left. */
  readonly balance: number
  /** The tasks that a client can see, oldest first, as the API would answer them. */
  tasks: () => TaskView[]
  /** Makes something go wrong from now on. */
  fail: (rule: FaultRule) => void
  /** Lets nothing go wrong any more. */
  heal: () => void
  /** Which models are made, and why not better ones. */
  models: () => Promise<ModelsInUse>
  /** Ends all streams, and the threads that make models. */
  close: () => Promise<void>
}

/** {@link Emulator}, for whoever has a real connection to hand on. */
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
  const apps = { api: createApiApp(state), assets: createAssetsApp(state) }
  for (const app of [apps.api, apps.assets]) {
    app.notFound(() => noMatchingRoute().toResponse())
    app.onError(answerError)
  }

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
    fetch: (input, init) => handle(new Request(input, init), createPlainConnection()),
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

function createApiApp(state: EmulatorState): Hono<EmulatorEnv> {
  const app = new Hono<EmulatorEnv>()
  const limits = guard(state)
  app.use(requestFaults(state))
  app.use(`/openapi/v1/:route{${[...TASK_KINDS, 'balance'].join('|')}}/*`, limits)
  for (const kind of TASK_KINDS) {
    addTaskRoutes(app, state, kind)
    addStreamRoute(app, state, kind)
  }
  addBalanceRoute(app, state)
  return app
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
