import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../system/clock.ts'
import { parseForeign, readSmall, type ObjectStore } from './object-store.ts'
import type { S3Store } from './s3-store.ts'
import { StoreFault } from './store-fault.ts'

/** What the holder of a key's lease in a team can ask and do. */
export interface TeamLease {
  /** Whether it is still ours. Ask right before what must happen once: a machine that slept may have lost it. */
  isHeld(): Promise<boolean>
  /** To be called when everybody can find the result. */
  release(): Promise<void>
}

export interface TeamLeasesInit {
  objects: S3Store
  clock: Clock
  /** Milliseconds of a clock that nobody sets. */
  elapsed: () => number
  /** A digest of the API key, for people who read the lease. */
  account: string
}

/** Without a sign of life for so long, a holder has lost its lease. Judged by the clock of who waits. */
const SILENCE_MS = 60_000
/** A holder that could not give a sign for so long believes it no more: well before the others do. */
const BELIEF_MS = 40_000
const BEAT_MS = 15_000
const POLL_MS = 2_000
/** Writers of the race that shows whether a store decides who was first. */
const RACERS = 4
const MAX_LEASE_BYTES = 64 * 1024

const leaseSchema = z.looseObject({ holder: z.string(), released: z.boolean().optional() })

/**
 * Leases of keys in a bucket, by writes that only succeed for the first.
 *
 * 1. A lease is an object `<key>.<generation>`, which only one can create. It is never deleted: who takes it over, after a
 *    release or a long silence, creates the next generation.
 * 2. A holder gives a sign of life by one object for its whole process. Whoever waits judges it by that object's not
 *    changing, on a clock of its own, never by a time that another machine wrote.
 */
export class TeamLeases {
  readonly #init: TeamLeasesInit
  readonly #id = randomBytes(8).toString('hex')
  #held = 0
  #beats = 0
  #lastBeat = 0
  #timer: NodeJS.Timeout | undefined
  #decides: Promise<boolean> | undefined

  constructor(init: TeamLeasesInit) {
    this.#init = init
  }

  /**
   * Waits for the lease of a key.
   *
   * @returns undefined where the store cannot decide who was first
   * @throws {StoreFault}; the reason of `signal`
   */
  async acquire(
    key: string,
    { signal, onWait }: { signal: AbortSignal; onWait: () => void },
  ): Promise<TeamLease | undefined> {
    if (!(await (this.#decides ??= this.#race()))) return undefined
    const isSilent = this.#watch()
    for (let waits = 0; ; waits += 1) {
      const top = await this.#top(key)
      const isFree =
        top === undefined || top.isReleased || isSilent(`${top.text} ${await this.#beatOf(top.holder)}`)
      if (isFree) {
        // Whoever finds the lease must find a sign of life as well.
        await this.#beat()
        const generation = (top?.generation ?? -1) + 1
        if (await this.#create(nameOf(key, generation))) return this.#lease(key, generation)
        continue
      }
      if (waits === 0) onWait()
      await this.#init.clock.sleep(POLL_MS, signal)
    }
  }

  #lease(key: string, generation: number): TeamLease {
    this.#held += 1
    this.#startBeating()
    let isReleased = false
    return {
      isHeld: async () => {
        if (this.#init.elapsed() - this.#lastBeat > BELIEF_MS) return false
        return !(await this.#isTaken(key, generation + 1))
      },
      release: async () => {
        if (isReleased) return
        isReleased = true
        this.#held -= 1
        if (this.#held === 0) clearInterval(this.#timer)
        const bytes = bodyOf({ ...this.#body(), released: true })
        await this.#init.objects.write(
          nameOf(key, generation),
          { bytes },
          { sha256: digest(bytes), onlyNew: false },
        )
      },
    }
  }

  /** A store that cannot be asked now cannot have given the lease away either: our sign of life is too young. */
  async #isTaken(key: string, generation: number): Promise<boolean> {
    try {
      return await this.#init.objects.has(nameOf(key, generation))
    } catch (error) {
      if (error instanceof StoreFault) return false
      throw error
    }
  }

  /** The highest generation of a key. Few have more than one. */
  async #top(key: string): Promise<Found | undefined> {
    let top: Found | undefined
    for (let generation = 0; ; generation += 1) {
      const text = await readText(this.#init.objects, nameOf(key, generation))
      if (text === undefined) return top
      const parsed = leaseSchema.safeParse(parseForeign(text))
      const { holder = '', released = false } = parsed.success ? parsed.data : {}
      top = { generation, text, holder, isReleased: released }
    }
  }

  async #beatOf(holder: string): Promise<string> {
    if (!/^[0-9a-f]{16}$/.test(holder)) return ''
    return (await readText(this.#init.objects, beatName(holder))) ?? ''
  }

  /** Whether what was seen has not changed for as long as a holder may be silent. */
  #watch(): (seen: string) => boolean {
    const { elapsed } = this.#init
    let last: { seen: string; since: number } | undefined
    return (seen) => {
      if (last?.seen !== seen) last = { seen, since: elapsed() }
      return elapsed() - last.since >= SILENCE_MS
    }
  }

  #body(): Record<string, unknown> {
    return { holder: this.#id, account: this.#init.account }
  }

  async #create(name: string): Promise<boolean> {
    const bytes = bodyOf(this.#body())
    return (await this.#init.objects.create(name, bytes, { sha256: digest(bytes) })) === true
  }

  /** Several writers at once on a name that nobody used: two, one after the other, would prove nothing. */
  async #race(): Promise<boolean> {
    const name = `leases/probe-${randomBytes(8).toString('hex')}`
    const racers = Array.from({ length: RACERS }, (_, index) => {
      const bytes = bodyOf({ racer: index })
      return this.#init.objects.create(name, bytes, { sha256: digest(bytes) })
    })
    const won = (await Promise.all(racers)).filter(Boolean).length
    if (won > 0) await this.#init.objects.remove(name)
    return won === 1
  }

  #startBeating(): void {
    if (this.#held !== 1) return
    this.#timer = setInterval(() => {
      // A beat that fails is a beat that is missing, which is for the others to judge.
      this.#beat().catch(() => undefined)
    }, BEAT_MS)
    this.#timer.unref()
  }

  async #beat(): Promise<void> {
    const startedAt = this.#init.elapsed()
    this.#beats += 1
    const bytes = bodyOf({ beats: this.#beats })
    await this.#init.objects.write(beatName(this.#id), { bytes }, { sha256: digest(bytes), onlyNew: false })
    this.#lastBeat = startedAt
  }
}

interface Found {
  generation: number
  text: string
  holder: string
  isReleased: boolean
}

const nameOf = (key: string, generation: number): string => `leases/${key}.${generation}`
const beatName = (holder: string): string => `leases/beat-${holder}`
const bodyOf = (body: object): Buffer => Buffer.from(`${JSON.stringify(body)}\n`)
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function readText(objects: ObjectStore, name: string): Promise<string | undefined> {
  return objects.read(name, (bytes) => readSmall(bytes, MAX_LEASE_BYTES), { bytes: MAX_LEASE_BYTES })
}
