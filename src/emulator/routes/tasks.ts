import type { Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { badRequest, taskNotFound, ApiError } from '../api-error.ts'
import type { TaskFault } from '../fault.ts'
import { planTask } from '../plan-task.ts'
import type { EmulatorEnv, EmulatorState } from '../state.ts'
import { taskView } from '../task-view.ts'
import type { Task } from '../task.ts'
import { distortView, foreignTasks } from '../request-faults.ts'
import type { TaskKind } from '../../request/task-kinds.ts'

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
  // An unescaped `+` is a space by the time it gets here, and then names no order.
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

/** Lets a request through that has the key, comes from no browser, and stays within the rate. */
export function guard({ options, rate, now }: EmulatorState) {
  return createMiddleware<EmulatorEnv>(async (context, next) => {
    // The service refuses browsers by design: a key in a page is a key that everybody has.
    if (context.req.header('origin') !== undefined) throw new ApiError(403, 'Forbidden')
    if (context.req.header('authorization') !== `Bearer ${options.apiKey}`) {
      throw new ApiError(401, 'Invalid API key')
    }
    rate.take(now())
    await next()
  })
}

/** The JSON object of a request. Throws 400 for anything else; the words are those of the service's JSON reader. */
export async function readBody(request: globalThis.Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text.trim() === '') throw badRequest('unexpected end of JSON input')
  if (/^\s*--/.test(text)) throw badRequest("invalid character '-' in numeric literal")
  const parsed = parseJson(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badRequest('the request body must be a JSON object')
  }
  return { ...parsed }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('the request body is not valid JSON')
    throw error
  }
}
