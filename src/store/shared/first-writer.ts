import { randomBytes } from 'node:crypto'
import { Fault } from '../../system/transfer.ts'
import { readSmall } from './object-store.ts'
import type { S3Store } from './s3-store.ts'

/** The number of writers in the race. */
const RACERS = 4
const MAX_PROBE_BYTES = 1024

/**
 * Whether a store decides who was first to write a name. Several writers at once on a name that nobody has used: two of
 * them, one after the other, would prove nothing.
 *
 * @throws {Fault} if the store cannot say, or does not give back what was written
 */
export async function decidesFirst(store: S3Store): Promise<boolean> {
  const name = `leases/probe-${randomBytes(8).toString('hex')}`
  const racers = Array.from({ length: RACERS }, (_, racer) =>
    store.create(name, Buffer.from(`${JSON.stringify({ racer })}\n`)),
  )
  const results = await Promise.all(racers)
  const won = results.filter(Boolean).length
  if (won > 0) {
    await store.read(name, (bytes) => readSmall(bytes, MAX_PROBE_BYTES), { bytes: 0 })
    // A tiny object, so that it may stay.
    await store.remove(name).catch(ifFault)
  }
  // The winner lost its answer, and was refused when it asked again.
  if (results.every((result) => result === false)) throw new Fault('transient', 'lost an answer')
  return won === 1
}

function ifFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error
}
