// In the place of `node:crypto`: random bytes are those of the seed.
import { here } from '../machine.ts'

export { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let index = 0; index < count; index++) bytes[index] = Math.floor(here.random() * 256)
  return bytes
}

export function randomHex(count: number): string {
  return randomBytes(count).toString('hex')
}
