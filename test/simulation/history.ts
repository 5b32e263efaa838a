import type { Hasher } from '../../src/request/fingerprint.ts'
import type { Request } from '../../src/request/request.ts'
import { build, type Done, type Job, type Place } from './build.ts'
import { Chance } from './chance.ts'
import type { Disk } from './disk.ts'
import { here, SHARED, type Machine } from './machine.ts'
import { Network } from './network.ts'
import { closeAll } from './node/fs-promises.ts'
import { Scheduler, type Process } from './scheduler.ts'
import { Service } from './service.ts'
import { CALM, drawWorld, type Plan, type Setting, type World } from './worlds.ts'

/** What is the same in all histories. */
export interface Scenery {
  hasher: Hasher
  /** A disk with projects whose caches are prepared. */
  disk: Disk
  /** By root. */
  requests: ReadonlyMap<string, readonly Request[]>
  keys: ReadonlyMap<string, string>
}

/** A run of one process, as it was planned and as it went. */
export interface Run extends Job {
  plan: Plan
  /** Unset for whoever was killed. */
  done?: Done
  /** The tasks that were charged by then, by key. */
  charged?: ReadonlyMap<string, string[]>
}

/** Everything that a history leaves, for the checks. */
export interface History {
  seed: number
  world: World
  scheduler: Scheduler
  places: Place[]
  service: Service
  network: Network
  bucket: Map<string, Buffer>
  runs: Run[]
  /** The last runs, when everything is calm: what they may not do any more is to pay twice. */
  quiet: Run[]
  /** What broke that is no error of ours to tell. */
  broken: unknown[]
}

const MAX_RUNS = 4
const ROOTS = ['/projects/one', '/projects/two'] as const
export const PRICE = 30

export class Simulation {
  readonly history: History
  readonly #scenery: Scenery
  readonly #chance: Chance
  readonly #machines: Machine[]
  #pids = 100
  #open = 0

  constructor(
    seed: number,
    scenery: Scenery,
    { trace, setting }: { trace: string[] | undefined; setting: Setting | undefined },
  ) {
    const chance = new Chance(seed)
    const world = drawWorld(chance, setting)
    const scheduler = new Scheduler(new Chance(chance.below(2 ** 32)), world.pace, trace)
    const service = new Service(
      world.habits,
      scenery.keys,
      new Chance(chance.below(2 ** 32)),
      () => scheduler.now,
    )
    const runs: Run[] = []
    const quiet: Run[] = []
    const network = new Network({
      service,
      weather: world.weather,
      chance: new Chance(chance.below(2 ** 32)),
      modeOf: (payer) => [...runs, ...quiet].find(({ process }) => process === payer)?.mode ?? 'plan',
    })
    const random = new Chance(chance.below(2 ** 32))
    const bucket = new Map<string, Buffer>()
    here.scheduler = scheduler
    here.random = () => random.next()
    here.fetch = network.fetch
    here.bucket = {
      objects: bucket,
      mishap: () => (random.happens(world.bucketMishaps) ? random.pick(['down', 'answer lost']) : 'none'),
    }
    closeAll()
    this.#scenery = scenery
    this.#chance = chance
    this.#machines = machinesOf(world, scenery.disk)
    const places = placesOf(world, this.#machines)
    this.history = { seed, world, scheduler, places, service, network, bucket, runs, quiet, broken: [] }
    scheduler.onDeath = (process) => this.#onDeath(process)
  }

  async play(): Promise<History> {
    const { world, scheduler, network, service, places, runs, quiet } = this.history
    for (const plan of world.plans) this.#start(plan, runs)
    await scheduler.run(() => this.#open === 0)
    network.weather = CALM
    service.habits.fates = { model: 1, refunded: 0, 'charged failure': 0, canceled: 0 }
    scheduler.calm()
    scheduler.now += world.rest
    scheduler.say('everybody', 'rests')
    // In the end nothing is left to do, also for whoever has just done it.
    const again = this.#chance.happens(0.15) ? [0] : []
    for (const place of [...places.keys(), ...again]) {
      this.#start({ ...QUIET_PLAN, place, images: world.images }, quiet)
      await scheduler.run(() => this.#open === 0)
    }
    return this.history
  }

  #start(plan: Plan, runs: Run[]): void {
    const place = this.history.places[plan.place]
    if (!place) throw new Error('There is no such place')
    const { scheduler } = this.history
    const process: Process = {
      name: `${'abcdefghijklmnop'[this.#pids - 100] ?? 'z'}@${place.machine.name}`,
      machine: place.machine,
      pid: this.#pids++,
      state: 'running',
      steps: 0,
      diesAt: plan.diesAt,
      death: plan.death,
      asleepUntil: 0,
    }
    place.machine.processes.push(process)
    const requests = (this.#scenery.requests.get(place.root) ?? []).slice(0, plan.images)
    const run: Run = { plan, process, place, mode: plan.mode, requests, maxCredits: plan.affords * PRICE }
    runs.push(run)
    this.#open += 1
    scheduler.later(plan.startsAt, process, () => void this.#build(run))
  }

  async #build(run: Run): Promise<void> {
    const { scheduler, broken, service } = this.history
    scheduler.say(run.process.name, `builds in ${run.place.root}, ${run.mode}`)
    try {
      run.done = await build(run, this.#scenery.hasher)
      run.charged = new Map(run.requests.map(({ key }) => [key, service.chargesOf(key).map(({ id }) => id)]))
      for (const { key, state, code } of run.done.outcomes)
        scheduler.say(run.process.name, `${key} is ${state} ${code ?? ''}`)
    } catch (error) {
      broken.push(error)
    }
    scheduler.end(run.process)
    this.#open -= 1
  }

  /** Whoever was at work there starts anew, after a power cut all of the machine. */
  #onDeath(dead: Process): void {
    const { machine } = dead
    this.#open -= 1
    if (dead.death === 'power cut') this.#cut(machine)
    const { runs, world } = this.history
    const killed = runs.find(({ process }) => process === dead)
    if (!killed || runs.length >= MAX_RUNS) return
    const diesAt = this.#chance.happens(world.diesAgain) ? 1 + this.#chance.below(260) : Infinity
    this.#start({ ...killed.plan, diesAt, startsAt: world.restartsAfter }, runs)
  }

  #cut(machine: Machine): void {
    const { scheduler, world } = this.history
    // Those that start again are others.
    for (const other of machine.processes.filter(({ state }) => state === 'running')) {
      other.death = 'kill'
      scheduler.kill(other)
    }
    machine.disk.cut(this.#chance, world.loss)
    machine.boots += 1
  }
}

const QUIET_PLAN: Omit<Plan, 'place' | 'images'> = {
  mode: 'generate',
  affords: 10,
  startsAt: 0,
  diesAt: Infinity,
  death: 'kill',
}

function machinesOf({ setting, ahead }: World, disk: Disk): Machine[] {
  const count = setting === 'one folder' || setting === 'two folders' ? 1 : 2
  const shared = setting === 'one folder, two machines' ? disk.clone() : undefined
  return Array.from({ length: count }, (_, index) => ({
    name: `m${index + 1}`,
    disk: disk.clone(),
    shared,
    ahead: ahead[index] ?? 0,
    boots: 1,
    processes: [],
  }))
}

function placesOf({ setting, pins }: World, machines: Machine[]): Place[] {
  const place = (machine: Machine | undefined, root: string): Place => {
    if (!machine) throw new Error('There is no such machine')
    return {
      machine,
      root,
      pins,
      machineStore: setting === 'two folders' && '/home/store',
      hasTeam: setting.startsWith('a team'),
    }
  }
  const [first, second = first] = machines
  if (setting === 'one folder') return [place(first, ROOTS[0])]
  if (setting === 'one folder, two machines')
    return [place(first, `${SHARED}/project`), place(second, `${SHARED}/project`)]
  return [place(first, ROOTS[0]), place(second, setting === 'two folders' ? ROOTS[1] : ROOTS[0])]
}
