import { nextTick } from 'node:process'
import type { Chance } from './chance.ts'
import type { Machine } from './machine.ts'

/** A process of the simulation. */
export interface Process {
  name: string
  machine: Machine
  pid: number
  state: 'running' | 'ended' | 'dead'
  /** Operations so far. */
  steps: number
  /** At which of them it dies, and with what. */
  diesAt: number
  death: 'kill' | 'power cut'
  /** Until then nothing of it runs: a laptop that sleeps, a machine that swaps. */
  asleepUntil: number
}

interface Item {
  owner: Process | undefined
  at: number
  run: () => void
}

export interface Pace {
  /** How often somebody else goes on at an operation. */
  switches: number
  /** How often a process falls asleep at one. */
  naps: number
}

const SETTLED = Promise.resolve()
const NAPS_MS = [800, 7_000, 30_000, 65_000, 200_000] as const
/** More is a history that does not end. */
const MAX_TURNS = 60_000

/**
 * Decides by a seed who goes on next. Every operation on a disk, over the network or of a timer is a turn: what follows
 * from one, up to the next, belongs to the process whose turn it is.
 */
export class Scheduler {
  now = Date.UTC(2026, 5, 1)
  current: Process | undefined
  /** What happened, in order; unset where nobody reads it. */
  readonly trace: string[] | undefined
  /** Hears of a death. */
  onDeath: (process: Process) => void = () => {}
  turns = 0
  readonly #chance: Chance
  #pace: Pace
  #ready: Item[] = []
  #timers: Item[] = []

  constructor(chance: Chance, pace: Pace, trace?: string[]) {
    this.#chance = chance
    this.#pace = pace
    this.trace = trace
  }

  /** An operation of the current process: it takes effect when its turn comes. */
  operation<T>(label: string, detail: string, effect: () => T): Promise<T> {
    const owner = this.current
    if (!owner) return settle(effect)
    if (!this.#steps(owner)) return never()
    if (!this.#chance.happens(this.#pace.switches))
      return settle(() => this.#effect(owner, label, detail, effect))
    return new Promise((resolve, reject) => {
      this.#ready.push({
        owner,
        at: this.now,
        run: () => settleInto(() => this.#effect(owner, label, detail, effect), resolve, reject),
      })
    })
  }

  /** Runs `then` after `ms`, as a turn of `owner`. @returns what gives it up */
  later(ms: number, owner: Process | undefined, then: () => void): () => void {
    if (owner?.state === 'dead') return () => {}
    const item = { owner, at: this.now + Math.max(0, Math.ceil(ms)), run: then }
    this.#timers.push(item)
    return () => {
      remove(this.#timers, item)
      remove(this.#ready, item)
    }
  }

  /** From now on one after the other, and nobody sleeps. */
  calm(): void {
    this.#pace = { switches: 0, naps: 0 }
  }

  say(who: string, what: string): void {
    this.trace?.push(`${this.now - Date.UTC(2026, 5, 1)} ${who} ${what}`)
  }

  /** What is left of a process that ended is over with it. */
  end(process: Process): void {
    process.state = 'ended'
    this.#timers = this.#timers.filter(({ owner }) => owner !== process)
  }

  kill(process: Process): void {
    if (process.state === 'dead') return
    process.state = 'dead'
    this.say(process.name, `dies (${process.death})`)
    this.#timers = this.#timers.filter(({ owner }) => owner !== process)
    this.#ready = this.#ready.filter(({ owner }) => owner !== process)
    this.onDeath(process)
  }

  /** Whether others can see it. One that ended does what it has begun. */
  isAlive(process: Process): boolean {
    if (process.state === 'ended') return this.#ready.some(({ owner }) => owner === process)
    return process.state === 'running'
  }

  /** Lets everybody go on until nobody has anything to do, or until `isOver`. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        this.current = undefined
        const item = isOver() ? undefined : this.#next()
        if (!item) return resolve()
        if (++this.turns > MAX_TURNS) return reject(new Error('It does not end'))
        this.current = item.owner
        item.run()
        // After all that follows from it: Node comes to what a microtask puts off until then once there is no other one.
        void SETTLED.then(() => nextTick(turn))
      }
      turn()
    })
  }

  #effect<T>(owner: Process, label: string, detail: string, effect: () => T): T {
    this.trace?.push(`${this.now - Date.UTC(2026, 5, 1)} ${owner.name} ${label} ${detail}`)
    return effect()
  }

  /** Counts an operation. @returns false where it is the last */
  #steps(owner: Process): boolean {
    if (owner.state === 'dead') return false
    owner.steps += 1
    if (owner.steps === owner.diesAt) {
      this.kill(owner)
      return false
    }
    if (this.#pace.naps > 0 && this.#chance.happens(this.#pace.naps)) {
      owner.asleepUntil = this.now + (NAPS_MS[this.#chance.below(NAPS_MS.length)] ?? 0)
      this.say(owner.name, `sleeps for ${owner.asleepUntil - this.now}`)
    }
    return true
  }

  #next(): Item | undefined {
    this.now += 1
    this.#wake()
    while (this.#ready.length === 0) {
      if (this.#timers.length === 0) return undefined
      this.now = Math.max(
        this.now,
        this.#timers.reduce((first, { at }) => Math.min(first, at), Infinity),
      )
      this.#wake()
    }
    return this.#ready.splice(this.#chance.below(this.#ready.length), 1)[0]
  }

  /** What is due is ready, and what belongs to a sleeper waits for it. */
  #wake(): void {
    for (let index = this.#timers.length - 1; index >= 0; index--) {
      const item = this.#timers[index]
      if (!item || item.at > this.now) continue
      this.#timers.splice(index, 1)
      this.#ready.push(item)
    }
    for (let index = this.#ready.length - 1; index >= 0; index--) {
      const item = this.#ready[index]
      const until = item?.owner?.asleepUntil ?? 0
      if (!item || until <= this.now) continue
      this.#ready.splice(index, 1)
      item.at = until
      this.#timers.push(item)
    }
  }
}

/** What a dead process waits for. One for all would keep all that was waiting. */
function never(): Promise<never> {
  return new Promise(() => {})
}

function settle<T>(effect: () => T): Promise<T> {
  try {
    return Promise.resolve(effect())
  } catch (error) {
    return Promise.reject(error)
  }
}

function settleInto<T>(effect: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(effect())
  } catch (error) {
    reject(error)
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index !== -1) list.splice(index, 1)
}
