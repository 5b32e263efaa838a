import { z } from 'zod'
import { parseJson } from '../../system/json.ts'
import { once } from '../../system/once.ts'
import { decidesFirst, jsonLine, readObject, type CreatingStore } from './object-store.ts'
import { onItsWaySchema, type OnItsWay } from './on-its-way.ts'
import { isSignedBy, signatureOf } from './shared-entry.ts'
import { Heartbeat, type HeartbeatInit } from './team-heartbeat.ts'
import { Fault } from '../../system/transfer.ts'

/** What the holder of a key's lease in a team can ask and do. */
export interface TeamLease {
  /**
   * Whether it is still ours. Ask right before anything that must happen only once: a machine that slept may have lost
   * it.
   *
   * @throws {Fault} if the store cannot say
   */
  isHeld(): Promise<boolean>
  /** What the previous holder has sent, and nobody has settled. */
  told: OnItsWay | undefined
  /** Call it once everyone can find the result. */
  release(): Promise<void>
}

interface TeamLeasesInit extends Pick<HeartbeatInit, 'beats' | 'clock'> {
  objects: CreatingStore
  /** A digest of the API key, for people who read the lease. */
  account: string
  /** If there is one, what others report about submissions counts only with its signature. */
  signingKey: string | undefined
}

const POLL_MS = 2_000
/** Whoever was faster shows up in a moment. */
const RETRY_MS = 100
/**
 * Far more than a key is ever taken in turn: a store that returns a lease under any name must not be walked forever.
 */
const MAX_GENERATIONS = 200
/** How often a name may be refused that does not exist afterwards. */
const MAX_REFUSALS = 3

const leaseSchema = z.looseObject({
  holder: z.string().regex(/^[0-9a-f]{16}$/),
  released: z.boolean().optional(),
  onItsWay: onItsWaySchema.optional(),
  signature: z.string().optional(),
})

/**
 * Leases of keys in a bucket, by writes that only succeed for the first writer.
 *
 * 1. A lease is an object `<key>.<generation>`, which only one writer can create. It is never deleted: whoever takes it
 * over, after a release or a long silence, creates the next generation.
 * 2. A holder shows signs of life through one object for its whole process. A waiter judges it by whether that object
 * changes, on its own clock, never by a time that another machine wrote.
 * 3. The lease also says what its holder has sent, before that is sent, and the next generation starts with it.
 */
export class TeamLeases {
  readonly #init: TeamLeasesInit
  readonly #heartbeat: Heartbeat
  /** By key: what this process holds. */
  readonly #held = new Map<string, Held>()
  /** What failed may work for the next key. */
  readonly #decides = once(() => decidesFirst(this.#init.objects))

  constructor(init: TeamLeasesInit) {
    this.#init = init
    const onLate = () => {
      for (const held of this.#held.values()) held.isDoubtful = true
    }
    this.#heartbeat = new Heartbeat({ ...init, onLate })
  }

  /**
   * Waits for the lease of a key.
   *
   * @returns undefined if the store cannot decide who was first
   * @throws {Fault}; the reason of `signal`
   */
  async acquire(
    key: string,
    { signal, onWait }: { signal: AbortSignal; onWait: () => void },
  ): Promise<TeamLease | undefined> {
    if (!(await this.#decides())) return undefined
    const isSilent = this.#heartbeat.watch()
    let top: Found | undefined
    for (let [waits, refusals] = [0, 0]; ;) {
      top = await this.#top(key, top)
      if (!(await this.#isFree(key, top, isSilent))) {
        if (waits++ === 0) onWait()
        await this.#init.clock.sleep(POLL_MS, signal)
        continue
      }
      if (await this.#take(key, top)) return this.#lease(key, top?.onItsWay)
      if (++refusals === MAX_REFUSALS) throw new Fault('wrong', 'refuses to create a lease, but has none')
      await this.#init.clock.sleep(RETRY_MS, signal)
    }
  }

  /**
   * Records what was sent, for whoever takes over the lease of a key. Does nothing if this process does not hold it.
   */
  async tell(key: string, onItsWay: OnItsWay | undefined): Promise<void> {
    const held = this.#held.get(key)
    if (!held) return
    held.onItsWay = onItsWay
    await this.#write(key, held)
  }

  /** What the lease of a key says was sent. Undefined if this process does not hold it. */
  told(key: string): OnItsWay | undefined {
    return this.#held.get(key)?.onItsWay
  }

  #lease(key: string, told: OnItsWay | undefined): TeamLease {
    return {
      told,
      isHeld: async () => {
        const held = this.#held.get(key)
        if (!held) return false
        if (this.#heartbeat.isLate()) await this.#heartbeat.beat()
        return held.isDoubtful ? this.#renew(key, held) : !(await this.#isTaken(key, held.generation + 1))
      },
      release: async () => {
        const held = this.#held.get(key)
        this.#held.delete(key)
        if (this.#held.size === 0) this.#heartbeat.stop()
        if (held) await this.#write(key, { ...held, isReleased: true })
      },
    }
  }

  /** After a silence, someone else may be taking the lease over right now: one of us creates the next generation. */
  async #renew(key: string, held: Held): Promise<boolean> {
    const next = { generation: held.generation + 1, onItsWay: held.onItsWay }
    const isOurs = (await this.#create(key, next)) || (await this.#isCreatedHere(key, next.generation))
    if (isOurs && this.#held.get(key) === held) this.#held.set(key, next)
    return isOurs
  }

  /** The answer to the creation may have been lost, and a second attempt refused. */
  async #isCreatedHere(key: string, generation: number): Promise<boolean> {
    const text = await readObject(this.#init.objects, nameOf(key, generation))
    return text !== undefined && this.#parse(key, { generation, text }).holder === this.#heartbeat.id
  }

  /** A store that cannot be reached now cannot have given the lease away either: our sign of life is too recent. */
  async #isTaken(key: string, generation: number): Promise<boolean> {
    try {
      return await this.#init.objects.has(nameOf(key, generation))
    } catch (error) {
      if (error instanceof Fault) return false
      throw error
    }
  }

  /** The highest generation of a key, starting from the one that was the highest a moment ago. */
  async #top(key: string, known: Found | undefined): Promise<Found | undefined> {
    let top: Found | undefined
    for (let generation = known?.generation ?? 0; generation < MAX_GENERATIONS; generation += 1) {
      const text = await readObject(this.#init.objects, nameOf(key, generation))
      if (text === undefined) return top
      top = this.#parse(key, { generation, text })
    }
    throw new Fault('wrong', 'returns a lease under every name')
  }

  #parse(key: string, { generation, text }: Pick<Found, 'generation' | 'text'>): Found {
    const parsed = leaseSchema.safeParse(parseJson(text))
    if (!parsed.success) throw new Fault('wrong', 'has something else where a lease should be')
    const { holder, released = false, onItsWay, signature } = parsed.data
    const { signingKey } = this.#init
    const isBelieved = signingKey === undefined || isSignedBy(signingKey, { key, onItsWay }, signature)
    return { generation, text, holder, isReleased: released, onItsWay: isBelieved ? onItsWay : undefined }
  }

  #body(key: string, { onItsWay, isReleased }: Omit<Held, 'generation'>): Buffer {
    const { account, signingKey } = this.#init
    const signature =
      onItsWay && signingKey !== undefined ? signatureOf(signingKey, { key, onItsWay }) : undefined
    return jsonLine({ holder: this.#heartbeat.id, account, onItsWay, signature, released: isReleased })
  }

  async #isFree(key: string, top: Found | undefined, isSilent: (seen: string) => boolean): Promise<boolean> {
    if (top === undefined || top.isReleased || this.#isLeftOver(key, top)) return true
    return isSilent(`${top.text} ${await this.#heartbeat.of(top.holder)}`)
  }

  /** A lease of ours that is not held is one whose creation or release was interrupted. */
  #isLeftOver(key: string, { holder, isReleased }: Found): boolean {
    return holder === this.#heartbeat.id && !isReleased && !this.#held.has(key)
  }

  async #take(key: string, top: Found | undefined): Promise<boolean> {
    // Whoever finds the lease must find a sign of life as well.
    await this.#heartbeat.beat()
    const isOurs = top !== undefined && this.#isLeftOver(key, top)
    const held = { generation: (top?.generation ?? -1) + (isOurs ? 0 : 1), onItsWay: top?.onItsWay }
    if (!isOurs && !(await this.#create(key, held))) return false
    this.#held.set(key, held)
    if (this.#held.size === 1) this.#heartbeat.start()
    return true
  }

  async #create(key: string, held: Held): Promise<boolean> {
    const bytes = this.#body(key, held)
    const name = nameOf(key, held.generation)
    return (await this.#init.objects.create(name, bytes)) === true
  }

  async #write(key: string, held: Held): Promise<void> {
    const bytes = this.#body(key, held)
    await this.#init.objects.write(nameOf(key, held.generation), { bytes })
  }
}

interface Found {
  generation: number
  text: string
  holder: string
  isReleased: boolean
  onItsWay: OnItsWay | undefined
}

interface Held {
  generation: number
  onItsWay: OnItsWay | undefined
  isReleased?: true
  /** Whether the others may have judged this process to be silent. */
  isDoubtful?: boolean
}

const nameOf = (key: string, generation: number): string => `leases/${key}.${generation}`
