/**
 * Collects small pieces into large ones, as large as `buffer`: each write to a file costs a turn of a thread, and a
 * network delivers 64 kB at a time. A yielded piece is valid until the next one is requested.
 */
export async function* gather(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  buffer: Buffer,
): AsyncGenerator<Uint8Array> {
  const bytes = buffer.length
  let used = 0
  for await (const piece of pieces) {
    for (let done = 0; done < piece.byteLength;) {
      const part = piece.subarray(done, done + bytes - used)
      buffer.set(part, used)
      done += part.byteLength
      used += part.byteLength
      if (used < bytes) continue
      yield buffer
      used = 0
    }
  }
  if (used > 0) yield buffer.subarray(0, used)
}

/** Memory that is reused: memory allocated for each file is slow to be released. */
export class Buffers {
  readonly #free: Buffer[] = []
  readonly #bytes: number

  /** @param bytes how much is lent at once */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Lends a buffer to `use`, with arbitrary contents, until `use` has ended. */
  async lend<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafe(this.#bytes)
    try {
      return await use(buffer)
    } finally {
      this.#free.push(buffer)
    }
  }
}

/** The bytes of a response as they arrive. Leaving the loop early closes the connection. */
export function bytesOf(response: Response): AsyncIterable<Uint8Array> {
  // Node's streams can be iterated, but TypeScript's DOM types do not say so.
  const body = response.body as AsyncIterable<Uint8Array> | null
  return body ?? nothing()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
