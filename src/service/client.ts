import { z } from 'zod'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { hasCode, isMeshyError } from '../system/errors.ts'
import type { Schedule } from './limits/retry.ts'
import { createListing, type Listing } from './listing.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { parseTask, type Task } from './task.ts'
import {
  API_ROOT,
  createTransport,
  type Call,
  type CallOptions,
  type SendJson,
  type Sending,
  type SubmitOptions,
  type TransportOptions,
  type Opened,
} from './transport.ts'
import { type Clock, elapsedAt } from '../system/clock.ts'
import { bytesOf } from '../system/transfer.ts'
import { badResponse, type CallName } from './http.ts'
import { parseJson } from '../system/json.ts'

export interface ClientOptions extends TransportOptions {
  /** Decides when a call is sent, and whether a failed one is sent again. */
  schedule: Schedule
}

/** A task that was accepted. */
export interface Created {
  id: string
  /** False if the service refused the `name` in the body, so that the task was created without it. */
  named: boolean
}

/**
 * The Meshy API, one function per endpoint.
 *
 * Failures are `MESHY_API_*`, `MESHY_AUTH_*` and `MESHY_CREDITS_EXHAUSTED` errors whose details are an `ApiFailure`.
 * When `signal` is aborted, its reason is thrown.
 */
export interface Client extends Listing {
  /** Submits a task, which is paid for. Unless `details.outcome` of an error is `unknown`, no task was created. */
  create(kind: TaskKind, body: Readonly<Record<string, unknown>>, options?: SubmitOptions): Promise<Created>
  /** Reads a task, with fresh URLs. */
  retrieve(kind: TaskKind, id: string, options?: CallOptions): Promise<Task>
  /** Permanently deletes a task and its files. */
  remove(kind: TaskKind, id: string, options?: CallOptions): Promise<void>
  /**
   * The states of a task as they change, up to an error that the service reports. The server may never end the stream:
   * leave the loop on a terminal status.
   */
  stream(kind: TaskKind, id: string, options?: CallOptions): AsyncGenerator<Task>
  /** Credits of the account, or `undefined` if the server has no such route. */
  balance(options?: CallOptions): Promise<number | undefined>
  /** The server's clock, or `undefined` before its first answer; milliseconds since 1970. */
  serverNow(): number | undefined
}

/** More patience than for reads: the outcome of an abandoned paid call is hard to find out. */
const SUBMIT_IDLE_MS = 120_000
/** The extra time that an upload may take per byte: 32 KiB per second. */
const UPLOAD_MS_PER_BYTE = 1000 / (32 * 1024)
const STREAM_IDLE_MS = 60_000
/** How long bytes without an event are tolerated. */
const STREAM_EVENTLESS_MS = 180_000

/** How long to wait for the answer to a submission, in milliseconds. @param length of its body */
export function answerTime(length: number): number {
  return SUBMIT_IDLE_MS + length * UPLOAD_MS_PER_BYTE
}

/** Creates a {@link Client}. Throws `MESHY_OPTIONS_INVALID` for an unusable `baseUrl` or key. */
export function createClient({ schedule, ...options }: ClientOptions): Client {
  const { clock } = options
  const transport = createTransport(options)
  const sendNow: SendJson = async (call) => {
    await call.beforeSend?.()
    return transport.json(call)
  }
  const json: SendJson = (call) =>
    schedule(() => sendNow(call), { ...call, signal: call.turn ?? call.signal })

  return {
    async create(kind, body, options = {}) {
      const send = (content: object) => post(json, { ...options, kind, content })
      try {
        return { id: await send(body), named: 'name' in body }
      } catch (error) {
        if (!('name' in body) || !refusesName(error)) throw error
        const { name: _refused, ...nameless } = body
        return { id: await send(nameless), named: false }
      }
    },

    async retrieve(kind, id, { signal } = {}) {
      const { value, bad } = await json({ method: 'GET', path: taskPath(kind, id), signal })
      const task = parseTask(value, id)
      if (task === undefined) throw bad('something that is not a task')
      // Continue with the ID that was asked for, whatever the answer says.
      return { ...task, id, kind }
    },

    async remove(kind, id, { signal } = {}) {
      const call: Call = { method: 'DELETE', path: taskPath(kind, id), signal }
      await schedule(() => transport.text(call), call)
    },

    ...createListing(json),

    async *stream(kind, id, { signal } = {}) {
      const path = `${taskPath(kind, id)}/stream`
      const accept = 'text/event-stream'
      const call: Call = { method: 'GET', path, accept, idleMs: STREAM_IDLE_MS, signal }
      const opened = await schedule(() => transport.open(call), { ...call, once: true })
      yield* readEvents({ call, opened, taskId: id, clock })
    },

    async balance({ signal } = {}) {
      try {
        const { value, bad } = await json({ method: 'GET', path: `${API_ROOT}/balance`, signal })
        const parsed = balanceSchema.safeParse(value)
        if (!parsed.success) throw bad('no balance')
        return parsed.data.balance
      } catch (error) {
        if (hasCode(error, 'MESHY_API_NOT_FOUND')) return undefined
        throw error
      }
    },

    serverNow: transport.serverNow,
  }
}

interface Submission extends SubmitOptions {
  kind: TaskKind
  content: object
}

async function post(json: SendJson, { kind, content, ...submission }: Submission): Promise<string> {
  const { beforeSend, ...options } = submission
  const path = `${API_ROOT}/${kind}`
  const body = JSON.stringify(content)
  const idleMs = answerTime(body.length)
  const sending: Sending = { named: 'name' in content, idleMs }
  const { value, bad } = await json({
    method: 'POST',
    path,
    body,
    idleMs,
    beforeSend: () => beforeSend?.(sending) ?? Promise.resolve(),
    ...options,
  })
  const created = createdSchema.safeParse(value)
  if (!created.success) throw bad('no task id')
  return created.data.result
}

/** An ID comes from outside and must remain a single segment of the path. */
function taskPath(kind: TaskKind, id: string): string {
  // Dots alone are not encoded, and would climb up the path.
  const segment = encodeURIComponent(/^\.+$/.test(id) ? `${id} ` : id)
  return `${API_ROOT}/${kind}/${segment}`
}

function refusesName(error: unknown): boolean {
  return isMeshyError(error) && error.details.status === 400 && /\bname\b/i.test(error.message)
}

/** The answer to a create request. */
const createdSchema = z.looseObject({ result: z.string().min(1) })

/** The answer to a balance request. */
const balanceSchema = z.looseObject({ balance: z.number() })

interface EventStream {
  call: CallName
  opened: Opened
  /** Replaces the ID of events, which they may omit. */
  taskId: string
  clock: Clock
}

const MAX_EVENT_CHARS = 1024 * 1024

/**
 * Reads the events of a stream until it ends, and closes it when the reader leaves.
 *
 * Throws if it is not an event stream, contains garbage, breaks, or is silent for too long.
 */
async function* readEvents(stream: EventStream): AsyncGenerator<Task> {
  const { opened, clock } = stream
  const { response, watchdog } = opened
  try {
    assertEventStream(stream)
    const decode = createDecoder(stream)
    let heard = elapsedAt(clock)
    for await (const chunk of bytesOf(response)) {
      watchdog.feed()
      const messages = decode(chunk)
      if (messages.length > 0) heard = elapsedAt(clock)
      else if (elapsedAt(clock) - heard > STREAM_EVENTLESS_MS) throw bad(stream, 'a stream without events')
      if (yield* readTasks(stream, messages)) return
    }
  } catch (error) {
    throw opened.failure(error)
  } finally {
    watchdog.stop()
  }
}

function assertEventStream(stream: EventStream): void {
  const type = stream.opened.response.headers.get('content-type') ?? 'nothing'
  if (!/^text\/event-stream\b/i.test(type)) throw bad(stream, `\`${type}\` instead of an event stream`)
}

function createDecoder(stream: EventStream): (chunk: Uint8Array) => EventSourceMessage[] {
  const decoder = new TextDecoder()
  let messages: EventSourceMessage[] = []
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: (message) => messages.push(message),
    onError(error) {
      // The standard says to ignore unknown fields and odd retry times.
      if (error.type === 'max-buffer-size-exceeded') throw bad(stream, 'an event that is too large')
    },
  })
  return (chunk) => {
    messages = []
    parser.feed(decoder.decode(chunk, { stream: true }))
    return messages
  }
}

/** @returns whether the service reports an error, which may follow a 200 */
function* readTasks(stream: EventStream, messages: EventSourceMessage[]): Generator<Task, boolean> {
  for (const { event, data } of messages) {
    if (event === 'error') return true
    const task = parseTask(parseJson(data), stream.taskId)
    if (task === undefined) throw bad(stream, 'an event that is not a task')
    // Continue with the ID that was asked for, whatever the event says.
    yield { ...task, id: stream.taskId }
  }
  return false
}

function bad(stream: EventStream, problem: string) {
  const { status, headers } = stream.opened.response
  return badResponse(stream.call, { status, headers, text: '', now: stream.clock.now() }, problem)
}
