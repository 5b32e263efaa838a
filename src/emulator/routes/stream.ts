import type { Hono } from 'hono'
import { noMatchingRoute } from '../api-error.ts'
import { eventStream, formatEvent } from '../connection.ts'
import type { StreamEnd } from '../connection.ts'
import type { Fault } from '../fault.ts'
import type { EmulatorEnv, EmulatorState } from '../state.ts'
import { isTerminal } from '../task.ts'
import type { TaskKind } from '../../request/task-kinds.ts'
import { progressView } from '../task-view.ts'
import type { TaskView } from '../task-view.ts'
import { distortView } from '../request-faults.ts'

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

/** Faults that take the place of all events. */
async function playFault(
  fault: Fault | undefined,
  send: Listener['send'],
  signal: AbortSignal,
): Promise<StreamEnd | undefined> {
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

async function follow(
  state: EmulatorState,
  watched: Watched,
  { send, signal }: Listener,
): Promise<StreamEnd> {
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

/** The task each time that it changed or was silent for long, up to its end; `undefined` once it does not exist. */
async function* changes(
  state: EmulatorState,
  { kind, id }: Watched,
  signal: AbortSignal,
): AsyncGenerator<TaskView | undefined> {
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

/** Until the client leaves, or the emulator is closed. */
function silence(signal: AbortSignal): Promise<StreamEnd> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('close')
    signal.addEventListener('abort', () => resolve('close'), { once: true })
  })
}
