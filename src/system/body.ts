/** The bytes of a response as they come. Leaving the loop early closes the connection. */
export function bytesOf(response: Response): AsyncIterable<Uint8Array> {
  // Streams of Node can be iterated; the DOM types that TypeScript knows them by do not say so.
  const body = response.body as AsyncIterable<Uint8Array> | null
  return body ?? nothing()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
