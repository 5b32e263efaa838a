// In the place of `node:crypto`: random bytes are those of the seed, and digests of texts are known after the first time.
import { createHash as createNodeHash, type Hash } from 'node:crypto'
import { here } from '../machine.ts'

export { createHmac, timingSafeEqual } from 'node:crypto'

export function createHash(algorithm: string): KnownHash {
  return new KnownHash(algorithm)
}

/** All worlds have the same API key and roots. */
const digests = new Map<string, string>()

/** One of Node's, which takes long to make, is made only for what is not one text. */
class KnownHash {
  readonly #algorithm: string
  #text: string | undefined
  #hash: Hash | undefined

  constructor(algorithm: string) {
    this.#algorithm = algorithm
  }

  update(data: string | Uint8Array): this {
    if (typeof data === 'string' && this.#text === undefined && !this.#hash) this.#text = data
    else this.#ofNode().update(data)
    return this
  }

  digest(encoding: 'hex'): string {
    const text = this.#text
    if (text === undefined) return this.#ofNode().digest(encoding)
    const digest = digests.get(text) ?? this.#ofNode().digest(encoding)
    digests.set(text, digest)
    return digest
  }

  #ofNode(): Hash {
    this.#hash ??= createNodeHash(this.#algorithm)
    if (this.#text !== undefined) this.#hash.update(this.#text)
    this.#text = undefined
    return this.#hash
  }
}

export function randomBytes(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count)
  for (let index = 0; index < count; index++) bytes[index] = Math.floor(here.random() * 256)
  return bytes
}

export function randomHex(count: number): string {
  return randomBytes(count).toString('hex')
}
