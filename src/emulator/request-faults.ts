import { createMiddleware } from 'hono/factory'
import { ApiError, taskNotFound, untilAborted, type Connection } from './wire.ts'
import type { Fault } from './fault.ts'
import type { EmulatorEnv, EmulatorState } from './state.ts'

/** Plays the faults that affect a request as a whole. */
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
async function answerBefore(fault: Fault | undefined, connection: Connection, signal: AbortSignal) {
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

/** If there is no socket to destroy, the error travels up to the caller of the handler. */
function cut(error: Error | undefined): Response {
  if (error) throw error
  return new Response(null)
}

async function silence(signal: AbortSignal): Promise<Response> {
  await untilAborted(signal)
  return new Response(null, { status: 503 })
}
