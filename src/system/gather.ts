/**
 * Gathers small pieces into large ones, as large as `buffer`: each write of a file costs a turn of a thread, and a network
 * gives 64 kB at once. What is yielded holds until the next is asked for.
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
