/** A refusal in the API's format: a status and one field, `message`. */
export class ApiError extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }

  toResponse(): Response {
    return Response.json({ message: this.message }, { status: this.status, headers: this.headers })
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message)
}

export function taskNotFound(): ApiError {
  return new ApiError(404, 'Task not found')
}

export function noMatchingRoute(): ApiError {
  return new ApiError(404, 'NoMatchingRoute')
}

/** The connection of a request, as far as faults need it. */
export interface Connection {
  /**
   * Breaks it. If there is no socket to destroy, returns the error that the client should get, which the writer of the
   * answer must then raise.
   */
  cut: () => Error | undefined
  /** Resolves when everything that was written so far has been sent. */
  flushed: () => Promise<void>
}

/** A connection without a socket: a request that is passed within the process. */
export const PLAIN_CONNECTION: Connection = {
  cut: () => new TypeError('The connection was reset'),
  flushed: () => Promise.resolve(),
}

/** How a stream ends. */
export type StreamEnd = 'close' | 'cut'

/** Writes server-sent events as long as `produce` runs and the client listens. */
export function eventStream(
  connection: Connection,
  produce: (send: (text: string) => void, signal: AbortSignal) => Promise<StreamEnd>,
): Response {
  const gone = new AbortController()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const end = await produce((text) => controller.enqueue(encoder.encode(text)), gone.signal)
      if (gone.signal.aborted) return
      if (end === 'close') controller.close()
      else await breakOff(controller, connection)
    },
    cancel: () => gone.abort(),
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  })
}

/** An event on one line, the only form in which the format can carry JSON. */
export function formatEvent(event: 'message' | 'error', data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Breaks a body off after what was written so far. */
export async function breakOff(
  controller: ReadableStreamDefaultController<Uint8Array>,
  connection: Connection,
): Promise<void> {
  await connection.flushed()
  const error = connection.cut()
  if (error) controller.error(error)
}

/** Resolves when the client leaves, or the emulator is closed. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
