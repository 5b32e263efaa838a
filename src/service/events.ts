import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { z } from 'zod'
import type { Clock } from '../system/clock.ts'
import { bytesOf } from '../system/bytes.ts'
import { badResponse, type CallName } from './http.ts'
import { parseTask, type Task } from './task.ts'
import type { Opened } from './transport.ts'
import { parseJson } from '../system/json.ts'

/** An event of a stream: a state of the task, or an error, which may follow a 200. */
export type StreamEvent =
  | { type: 'task'; task: Task }
  | { type: 'error'; status: number | undefined; message: string | undefined }

export interface EventStream {
  call: CallName
  opened: Opened
  /** Replaces the ID that an event may omit. */
  taskId: string
  clock: Clock
  /** How long bytes without an event are tolerated, in milliseconds. */
  eventlessMs: number
}

const MAX_EVENT_CHARS = 1024 * 1024

/**
 * Reads the events of a stream until it ends, and closes it when the reader leaves.
 *
 * Throws if it is not an event stream, contains garbage, breaks, or is silent for too long.
 */
export async function* readEvents(stream: EventStream): AsyncGenerator<StreamEvent> {
  const { opened, clock, eventlessMs } = stream
  const { response, watchdog } = opened
  try {
    assertEventStream(stream)
    const decode = createDecoder(stream)
    let heard = clock.now()
    for await (const chunk of bytesOf(response)) {
      watchdog.feed()
      const messages = decode(chunk)
      if (messages.length > 0) heard = clock.now()
      else if (clock.now() - heard > eventlessMs) throw bad(stream, 'a stream without events')
      for (const message of messages) yield readEvent(stream, message)
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

function readEvent(stream: EventStream, message: EventSourceMessage): StreamEvent {
  const value = parseJson(message.data)
  if (message.event === 'error') {
    const told = streamErrorSchema.safeParse(value).data
    return { type: 'error', status: told?.status_code, message: told?.message }
  }
  const task = parseTask(value, stream.taskId)
  if (task === undefined) throw bad(stream, 'an event that is not a task')
  return { type: 'task', task }
}

function bad(stream: EventStream, problem: string) {
  const { status, headers } = stream.opened.response
  return badResponse(stream.call, { status, headers, text: '', now: stream.clock.now() }, problem)
}

/** The data of an `error` event of the stream. */
const streamErrorSchema = z.looseObject({
  status_code: z.number().optional(),
  message: z.string().optional(),
})
