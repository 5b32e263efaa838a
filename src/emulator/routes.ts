import type { Context, Hono } from 'hono'
import {
  badRequest,
  taskNotFound,
  noMatchingRoute,
  eventStream,
  formatEvent,
  untilAborted,
  type StreamEnd,
} from './wire.ts'
import type { TaskFault, Fault } from './fault.ts'
import { planTask } from './plan-task.ts'
import type { EmulatorEnv, EmulatorState } from './state.ts'
import { taskView, distortView, foreignTasks, progressView } from './task-view.ts'
import { isTerminal, type Task } from './task-store.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { parseJson } from '../system/json.ts'

type Request = Context<EmulatorEnv>

/** Create, retrieve, delete and list, for one kind of task. */
export function addTaskRoutes(app: Hono<EmulatorEnv>, state: EmulatorState, kind: TaskKind): void {
  const path = `/openapi/v1/${kind}`
  const show = (context: Request, task: Task) => distortView(taskView(state, task), context.env.fault)

  app.post(path, async (context) => {
    const body = await readBody(context.req.raw)
    context.env.log.body = body
    const task = state.tasks.create(await planTask(state.options, { kind, body, fault: taskFault(context) }))
    return context.json({ result: task.id }, 202)
  })

  app.get(path, (context) => {
    const tasks = state.tasks.list().filter((task) => task.kind === kind)
    const views = pageOf(tasks, context).map((task) => show(context, task))
    return context.json([...foreignTasks(context.env.fault, state.now()), ...views])
  })

  app.get(`${path}/:id`, (context) => context.json(show(context, findTask(state, kind, context))))

  app.delete(`${path}/:id`, (context) => {
    state.tasks.remove(findTask(state, kind, context))
    return context.body(null, 200)
  })
}

function findTask(state: EmulatorState, kind: TaskKind, context: Request): Task {
  const task = state.tasks.find(kind, context.req.param('id') ?? '')
  if (!task) throw taskNotFound()
  return task
}

function taskFault(context: Request): TaskFault | undefined {
  const { fault } = context.env
  return fault?.kind === 'failTask' || fault?.kind === 'slow99' ? fault : undefined
}

const MAX_PAGE_SIZE = 50

function pageOf(tasks: Task[], context: Request): Task[] {
  const page = readCount(context, 'page_num', { fallback: 1 })
  const size = readCount(context, 'page_size', { fallback: 10, max: MAX_PAGE_SIZE })
  const order = context.req.query('sort_by') ?? '-created_at'
  // An unescaped `+` has become a space by the time it gets here, and then names no order.
  if (order !== '+created_at' && order !== '-created_at') {
    throw badRequest('sort_by must be one of "+created_at", "-created_at"')
  }
  const sorted = order === '+created_at' ? tasks : tasks.toReversed()
  return sorted.slice((page - 1) * size, page * size)
}

function readCount(
  context: Request,
  name: string,
  { fallback, max = Infinity }: { fallback: number; max?: number },
) {
  const text = context.req.query(name)
  if (text === undefined) return fallback
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count < 1) throw badRequest(`${name} must be a positive integer`)
  if (count > max) throw badRequest(`${name} must be at most ${max}`)
  return count
}

/** The balance, which the reference does not have. */
export function addBalanceRoute(app: Hono<EmulatorEnv>, { account, options }: EmulatorState): void {
  if (options.profile === 'reference') return
  app.get('/openapi/v1/balance', (context) => context.json({ balance: account.balance }))
}

/** The JSON object of a request. Throws 400 for anything else, in the words of the service's JSON reader. */
async function readBody(request: globalThis.Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text.trim() === '') throw badRequest('unexpected end of JSON input')
  if (/^\s*--/.test(text)) throw badRequest("invalid character '-' in numeric literal")
  const parsed = parseJson(text)
  if (parsed === undefined) throw badRequest('the request body is not valid JSON')
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badRequest('the request body must be a JSON object')
  }
  return { ...parsed }
}

/** Events of one task, for one kind of task. */
export function addStreamRoute(app: Hono<EmulatorEnv>, state: EmulatorState, kind: TaskKind): void {
  app.get(`/openapi/v1/${kind}/:id/stream`, (context) => {
    const { connection, fault } = context.env
    if (fault?.kind === 'noStream') throw noMatchingRoute()
    const watched = { kind, id: context.req.param('id'), fault }
    return eventStream(connection, async (send, gone) => {
      const signal = AbortSignal.any([gone, state.closing.signal])
      try {
        return (await playFault(fault, send, signal)) ?? (await follow(state, watched, { send, signal }))
      } catch (error) {
        if (signal.aborted) return 'close'
        throw error
      }
    })
  })
}

interface Listener {
  send: (text: string) => void
  signal: AbortSignal
}

interface Watched {
  kind: TaskKind
  id: string
  fault: Fault | undefined
}

/** Faults that replace all events. */
async function playFault(fault: Fault | undefined, send: Listener['send'], signal: AbortSignal) {
  if (fault?.kind === 'streamSilent') return silence(signal)
  if (fault?.kind === 'streamError') {
    const { status = 500, message = 'Internal server error.' } = fault
    send(formatEvent('error', { status_code: status, message }))
    return 'close'
  }
  if (fault?.kind === 'streamGarbage') {
    send('<html>502 Bad Gateway</html>\n\nevent: message\ndata: {"id":\n\ndata: [1,2]\n\n')
    return silence(signal)
  }
  return undefined
}

async function follow(state: EmulatorState, watched: Watched, { send, signal }: Listener) {
  let events = 0
  for await (const view of changes(state, watched, signal)) {
    if (!view) {
      send(formatEvent('error', { status_code: 404, message: 'Task not found' }))
      return 'close'
    }
    send(formatEvent('message', distortView(view, watched.fault)))
    events += 1
    const end = endAfter(watched.fault, events)
    if (end) return end
  }
  return state.options.closeStreams ? 'close' : silence(signal)
}

/** The task each time it changed or was silent for long, up to its end; `undefined` once it does not exist. */
async function* changes(state: EmulatorState, { kind, id }: Watched, signal: AbortSignal) {
  const { clock, keepAliveMs, taskMs } = state.options
  const stepMs = Math.min(1000, Math.max(5, taskMs / 50))
  let told = ''
  let toldAt = 0
  for (;;) {
    const task = state.tasks.find(kind, id)
    const view = task && progressView(state, task)
    const change = `${task?.status} ${String(view?.progress)}`
    if (change !== told || state.now() - toldAt >= keepAliveMs) {
      told = change
      toldAt = state.now()
      yield view
    }
    if (!task || isTerminal(task.status)) return
    await clock.sleep(stepMs, signal)
  }
}

function endAfter(fault: Fault | undefined, events: number): StreamEnd | undefined {
  if (fault?.kind !== 'streamReset' && fault?.kind !== 'streamEnd') return undefined
  if (events < (fault.events ?? 1)) return undefined
  return fault.kind === 'streamReset' ? 'cut' : 'close'
}

async function silence(signal: AbortSignal): Promise<StreamEnd> {
  await untilAborted(signal)
  return 'close'
}
