import { createMiddleware } from 'hono/factory'
import { ApiError, taskNotFound } from './api-error.ts'
import type { Connection } from './connection.ts'
import type { Fault } from './fault.ts'
import type { EmulatorEnv, EmulatorState } from './state.ts'
import type { TaskView } from './task-view.ts'

/** Plays the faults that befall a request as a whole. */
export function requestFaults(state: EmulatorState) {
  return createMiddleware<EmulatorEnv>(async (context, next) => {
    const { fault, connection, log } = context.env
    const signal = AbortSignal.any([context.req.raw.signal, state.closing.signal])
    const before = await answerBefore(fault, connection, signal)
    if (before) return before
    if (fault?.kind === 'expired')
      return log.route === 'list' ? Response.json([]) : taskNotFound().toResponse()
    await next()
    const after = answerAfter(fault, connection)
    if (after) context.res = after
    return undefined
  })
}

/** The answer that comes instead of any effect. */
async function answerBefore(
  fault: Fault | undefined,
  connection: Connection,
  signal: AbortSignal,
): Promise<Response | undefined> {
  if (!fault || isEffective(fault)) return undefined
  if (fault.kind === 'silent') return silence(signal)
  if (fault.kind === 'resetBeforeAnswer') return cut(connection.cut())
  return refusalFor(fault)
}

/** The answer that hides an effect. */
function answerAfter(fault: Fault | undefined, connection: Connection): Response | undefined {
  if (fault?.kind === 'lostAnswer') return cut(connection.cut())
  return fault?.kind === 'status' && isEffective(fault) ? statusAnswer(fault) : undefined
}

function isEffective(fault: Fault): boolean {
  return fault.kind === 'status' && fault.effective === true
}

function refusalFor(fault: Fault): Response | undefined {
  switch (fault.kind) {
    case 'status':
      return statusAnswer(fault)
    case 'rateLimited':
      return rateLimited(fault.retryAfter)
    case 'queueFull':
      return new ApiError(429, 'NoMoreConcurrentTasks').toResponse()
    case 'outOfCredits':
      return new ApiError(402, 'Insufficient credits').toResponse()
    case 'unauthorized':
      return new ApiError(401, 'Invalid API key').toResponse()
    case 'gone404':
      return taskNotFound().toResponse()
    case 'htmlAnswer':
      return htmlAnswer(fault.status ?? 502)
    case 'redirect':
      return new Response(null, { status: 307, headers: { location: fault.to } })
    default:
      return undefined
  }
}

function statusAnswer({ status, message }: { status: number; message?: string }): Response {
  return new ApiError(status, message ?? 'Internal server error.').toResponse()
}

function rateLimited(retryAfter: number | undefined): Response {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return new ApiError(429, 'RateLimitExceeded', headers).toResponse()
}

function htmlAnswer(status: number): Response {
  return new Response('<!DOCTYPE html><title>Bad gateway</title>', {
    status,
    headers: { 'content-type': 'text/html' },
  })
}

/** Where there is no socket to destroy, the error travels up to whoever called the handler. */
function cut(error: Error | undefined): Response {
  if (error) throw error
  return new Response(null)
}

function silence(signal: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    const end = () => resolve(new Response(null, { status: 503 }))
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
  })
}

/** The task as a server would tell it that deviates from its documentation. */
export function distortView(view: TaskView, fault: Fault | undefined): TaskView {
  if (fault?.kind === 'unknownStatus') return { ...view, status: fault.status ?? 'POLISHING' }
  if (fault?.kind === 'noModel') return 'model_urls' in view ? { ...view, model_urls: {} } : view
  if (fault?.kind === 'nullFields') return nullUnset(view)
  return distortFields(view, fault)
}

/** What else a list holds. */
export function foreignTasks(fault: Fault | undefined, now: number): TaskView[] {
  if (fault?.kind !== 'foreignNames') return []
  const { name = 'A chair of somebody else' } = fault
  return [{ id: 'task-of-somebody-else', name, status: 'SUCCEEDED', progress: 100, created_at: now }]
}

const DATES = ['created_at', 'started_at', 'finished_at', 'expires_at']
const CUT_AT = 20

function distortFields(view: TaskView, fault: Fault | undefined): TaskView {
  if (!fault) return view
  if (fault.kind === 'oddFields') return withFields(view, fault.fields)
  if (fault.kind === 'noDates') return without(view, DATES)
  if (fault.kind === 'noNames' || fault.kind === 'foreignNames') return without(view, ['name'])
  if (fault.kind !== 'cutNames' || typeof view['name'] !== 'string') return view
  return { ...view, name: view['name'].slice(0, fault.characters ?? CUT_AT) }
}

function without(view: TaskView, names: readonly string[]): TaskView {
  return Object.fromEntries(Object.entries(view).filter(([name]) => !names.includes(name)))
}

/** JSON leaves out what is `undefined`. */
function withFields(view: TaskView, fields: Record<string, unknown>): TaskView {
  const told = Object.entries(fields).map(([name, field]) => {
    return [name, typeof field === 'function' ? (field as (value: unknown) => unknown)(view[name]) : field]
  })
  return { ...view, ...Object.fromEntries(told) }
}

/** Seen in the wild: unset times are null, formats that were not made are empty strings, empty lists are absent. */
function nullUnset(view: TaskView): TaskView {
  const entries = Object.entries(view).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.length === 0) return []
    const unset = value === 0 || value === ''
    return [[name, unset ? null : value]]
  })
  const nulled: TaskView = Object.fromEntries(entries)
  if (typeof nulled.model_urls !== 'object') return nulled
  return { ...nulled, model_urls: { fbx: '', usdz: '', ...nulled.model_urls }, task_error: null }
}
