import { randomBytes } from 'node:crypto'
import { ageFromNow, type Clock, elapsedAt } from '../../system/clock.ts'
import { jsonLine, readObject, type ObjectStore } from './object-store.ts'

/** A holder that shows no sign of life for this long has lost its lease. Judged by the clock of the waiting machine. */
const SILENCE_MS = 60_000
/**
 * A holder that could not show a sign of life for this long no longer trusts its lease, well before the others stop
 * doing so: it takes the lease over from itself.
 */
const BELIEF_MS = 40_000
const BEAT_MS = 15_000

export interface HeartbeatInit {
  objects: ObjectStore
  /** Where signs of life are sent that nobody waits for: even if `objects` is off, the others still see them. */
  beats: Pick<ObjectStore, 'write'>
  clock: Clock
  /** Called for a sign of life after which the others may already have judged this process to be silent. */
  onLate: () => void
}

/** Signs of life in a bucket: one object for each process, whatever it holds, and what others judge it by. */
export class Heartbeat {
  /** Of this process, 16 hex digits. */
  readonly id = randomBytes(8).toString('hex')
  readonly #init: HeartbeatInit
  #count = 0
  #ageOfLast = () => Infinity
  #timer: NodeJS.Timeout | undefined

  constructor(init: HeartbeatInit) {
    this.#init = init
  }

  /** Shows signs of life from now on. */
  start(): void {
    this.#timer = setInterval(() => {
      // A heartbeat that fails is a missing heartbeat, which the others will judge.
      this.#beat(this.#init.beats).catch(() => undefined)
    }, BEAT_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Shows a sign of life. @throws {Fault} */
  beat(): Promise<void> {
    return this.#beat(this.#init.objects)
  }

  /** Whether the last one was so long ago that this process no longer trusts what it holds. */
  isLate(): boolean {
    return this.#ageOfLast() > BELIEF_MS
  }

  /** What another process has shown last. */
  async of(holder: string): Promise<string> {
    return (await readObject(this.#init.objects, nameOf(holder))) ?? ''
  }

  /** Whether what was seen has not changed for as long as a holder may be silent. */
  watch(): (seen: string) => boolean {
    const { clock } = this.#init
    let last: { seen: string; since: number } | undefined
    return (seen) => {
      // A machine that sleeps hears nobody meanwhile.
      const now = elapsedAt(clock)
      if (last?.seen !== seen) last = { seen, since: now }
      return now - last.since >= SILENCE_MS
    }
  }

  async #beat(to: Pick<ObjectStore, 'write'>): Promise<void> {
    const age = ageFromNow(this.#init.clock)
    this.#count += 1
    await to.write(nameOf(this.id), { bytes: jsonLine({ beats: this.#count }) })
    if (this.isLate()) this.#init.onLate()
    this.#ageOfLast = age
  }
}

const nameOf = (holder: string): string => `leases/beat-${holder}`
