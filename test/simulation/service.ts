import { writeGlb } from '../../src/glb/write.ts'
import { priceOf } from '../../src/request/price.ts'
import { keyInName } from '../../src/request/payload.ts'
import type { Chance } from './chance.ts'
import type { Process } from './scheduler.ts'

/** What becomes of a task, and whether it is charged in the end. */
export type Fate = 'model' | 'refunded' | 'charged failure' | 'canceled'

/** A task at the service. */
export interface PaidTask {
  id: string
  key: string
  name: string | undefined
  createdAt: number
  finishedAt: number
  fate: Fate
  price: number
  payer: Process
  /** When its request left. */
  sentAt: number
  model: Buffer
}

export interface ServiceHabits {
  /** What a listing shows of the name of a task, where it may have one. */
  echo: 'whole' | 'cut' | 'nothing' | 'refuses names'
  /** Whether answers tell the time of the service. */
  tellsTime: boolean
  /** Whether answers tell what a task cost. */
  tellsCredits: boolean
  fates: Record<Fate, number>
  /** The longest that a task takes, in milliseconds. */
  slowest: number
  balance: number
}

/** A request as it arrives. */
export interface Arrival {
  method: string
  url: URL
  body: string | undefined
  payer: Process
  sentAt: number
}

export interface Answer {
  status: number
  body: Buffer
  headers: Record<string, string>
  /** The task that was made. */
  made?: PaidTask
}

const KIND = 'image-to-3d'
const TASKS = `/openapi/v1/${KIND}`

/** The service of the simulation: it makes models, and remembers for what it was paid. */
export class Service {
  readonly tasks: PaidTask[] = []
  /** How many submissions arrived that were to be paid. */
  posts = 0
  readonly habits: ServiceHabits
  readonly #chance: Chance
  readonly #keys: ReadonlyMap<string, string>
  readonly #now: () => number
  /** However many tasks are requested, some send no more. */
  readonly #pageSize: number

  /** @param keys by what is sent as a picture */
  constructor(habits: ServiceHabits, keys: ReadonlyMap<string, string>, chance: Chance, now: () => number) {
    this.habits = habits
    this.#keys = keys
    this.#chance = chance
    this.#now = now
    this.#pageSize = chance.pick([50, 50, 1])
  }

  handle(arrival: Arrival): Answer {
    const { method, url } = arrival
    const path = url.pathname
    if (path === TASKS) return method === 'POST' ? this.#create(arrival) : this.#list(url)
    if (path === '/openapi/v1/balance') return this.#json(200, { balance: this.habits.balance })
    const [, id = '', rest] = /^\/(?:openapi\/v1\/image-to-3d|files)\/([^/]+)(\/\w+)?/.exec(path) ?? []
    const task = this.tasks.find((other) => other.id === id)
    if (!task) return this.#json(404, { message: 'The task does not exist' })
    if (path.startsWith('/files/')) return file(task.model)
    return rest === '/stream' ? this.#stream(task) : this.#json(200, this.#view(task))
  }

  /** What was charged for a key and not given back. */
  chargesOf(key: string): PaidTask[] {
    return this.tasks.filter((task) => task.key === key && isCharged(task))
  }

  /** The key that a submission is of. */
  keyOf(body: string): string {
    const key = this.#keys.get(JSON.parse(body)['image_url'])
    if (key === undefined) throw new Error('Somebody pays for a picture that nobody has')
    return key
  }

  #create({ body = '', payer, sentAt }: Arrival): Answer {
    const { name, image_url: _, ...params } = JSON.parse(body)
    const key = this.keyOf(body)
    if (name !== undefined && keyInName(name) !== key) throw new Error(`${name} is not of ${key}`)
    if (name !== undefined && this.habits.echo === 'refuses names')
      return this.#json(400, { message: 'name is not allowed' })
    this.posts += 1
    const createdAt = this.#now()
    const id = `task-${this.tasks.length + 1}`
    const task: PaidTask = {
      id,
      key,
      name,
      createdAt,
      finishedAt: createdAt + this.#chance.below(this.habits.slowest),
      fate: this.#chance.weighted(this.habits.fates),
      price: priceOf({ params }),
      payer,
      sentAt,
      model: modelOf(this.tasks.length),
    }
    this.tasks.push(task)
    return { ...this.#json(202, { result: id }), made: task }
  }

  #list(url: URL): Answer {
    const end = Number(url.searchParams.get('page_num') ?? 1) * this.#pageSize
    const page = this.tasks.toReversed().slice(end - this.#pageSize, end)
    return this.#json(
      200,
      page.map((task) => this.#view(task)),
    )
  }

  /** Says the end where it has come, and otherwise nothing but a state: then the client polls. */
  #stream(task: PaidTask): Answer {
    const event = `event: message\ndata: ${JSON.stringify(this.#view(task))}\n\n`
    return { status: 200, body: Buffer.from(event), headers: this.#headers('text/event-stream') }
  }

  #view(task: PaidTask): object {
    const { id, createdAt, finishedAt, fate } = task
    const isOver = this.#now() >= finishedAt
    const isDone = isOver && fate === 'model'
    return {
      id,
      type: KIND,
      ...nameIn(task, this.habits.echo),
      status: isOver ? STATUSES[fate] : 'IN_PROGRESS',
      progress: isDone ? 100 : 50,
      created_at: createdAt,
      finished_at: isOver ? finishedAt : 0,
      model_urls: isDone ? { glb: `https://assets.meshy.ai/files/${id}/model.glb` } : {},
      task_error: { message: fate === 'refunded' && isOver ? 'The server is busy' : '' },
      ...(this.habits.tellsCredits || fate === 'charged failure'
        ? { consumed_credits: isCharged(task) ? task.price : 0 }
        : {}),
    }
  }

  #json(status: number, value: unknown): Answer {
    return { status, body: Buffer.from(JSON.stringify(value)), headers: this.#headers('application/json') }
  }

  #headers(type: string): Record<string, string> {
    const date = this.habits.tellsTime ? { date: new Date(this.#now()).toUTCString() } : {}
    return { 'content-type': type, ...date }
  }
}

export function isCharged({ fate }: PaidTask): boolean {
  return fate === 'model' || fate === 'charged failure'
}

const STATUSES: Record<Fate, string> = {
  model: 'SUCCEEDED',
  refunded: 'FAILED',
  'charged failure': 'FAILED',
  canceled: 'CANCELED',
}

function nameIn({ name }: PaidTask, echo: ServiceHabits['echo']): { name?: string } {
  if (name === undefined || echo === 'nothing') return {}
  return { name: echo === 'whole' ? name : name.slice(0, 12) }
}

function file(model: Buffer): Answer {
  return {
    status: 200,
    body: model,
    headers: { 'content-type': 'model/gltf-binary', 'content-length': String(model.length) },
  }
}

const models: Buffer[] = []

/** A model of one triangle; no two are the same. */
function modelOf(number: number): Buffer {
  models[number] ??= Buffer.from(
    writeGlb({
      name: `model ${number}`,
      generator: 'simulation',
      parts: [
        {
          positions: new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]),
          normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
          indices: [0, 1, 2],
        },
      ],
    }),
  )
  return models[number]
}
