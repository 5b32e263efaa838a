/** Memory that is used again and again: what is allocated for each file is slow to be given back. */
export class Buffers {
  readonly #free: Buffer[] = []
  readonly #bytes: number

  /** @param bytes how much is lent at once */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Lends a buffer to `use`, whatever it holds, until that has ended. */
  async lend<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafe(this.#bytes)
    try {
      return await use(buffer)
    } finally {
      this.#free.push(buffer)
    }
  }
}
