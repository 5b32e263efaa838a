import type { Mode } from '../../src/finding/modes.ts'
import type { Chance } from './chance.ts'
import { current, world } from './machine.ts'
import type { Process } from './scheduler.ts'
import type { Answer, Arrival, PaidTask, Service } from './service.ts'

/** What becomes of a request. */
export type Mishap =
  | 'none'
  /** There is no connection: nothing was sent. */
  | 'unreachable'
  /** The connection breaks, and the request never arrives. */
  | 'lost request'
  /** It is done, and the connection breaks before the answer. */
  | 'lost answer'
  /** It is done, and nobody says so. */
  | 'silence'
  /** It travels for a while, and is done then, whatever became of its sender. */
  | 'late'
  /** It is done, and half of the answer comes. */
  | 'half'
  /** It is done, and a gateway says 502. */
  | 'done, and an error'
  | 'busy'
  | 'too fast'
  | 'queue full'
  | 'no credits'

export type Mishaps = Readonly<Partial<Record<Mishap, number>>>

export interface Weather {
  /** For submissions. */
  paying: Mishaps
  /** For all else. */
  reading: Mishaps
}

/** A submission that left. */
export interface Submission {
  key: string
  payer: Process
  /** Made of it, as far as something was. */
  task: PaidTask | undefined
  /** Whether its sender knows what became of it. */
  isKnown: boolean
  /** Whether the service said no, for good or for now. */
  refusal: boolean
  mode: Mode
}

/** The network between processes and the service. */
export class Network {
  weather: Weather
  readonly submissions: Submission[] = []
  readonly #service: Service
  readonly #chance: Chance
  readonly #modeOf: (payer: Process) => Mode

  constructor({
    service,
    weather,
    chance,
    modeOf,
  }: {
    service: Service
    weather: Weather
    chance: Chance
    modeOf: (payer: Process) => Mode
  }) {
    this.#service = service
    this.weather = weather
    this.#chance = chance
    this.#modeOf = modeOf
  }

  /** `fetch` of the process whose turn it is. */
  fetch = (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = typeof input === 'string' ? new URL(input) : input
    const method = init.method ?? 'GET'
    const owner = current()
    return aborting(init.signal ?? undefined, (settle) => {
      void world()
        .operation(method, url.pathname, () => {
          const body = typeof init.body === 'string' ? init.body : undefined
          this.#send({ method, url, body, payer: owner, sentAt: world().now }, settle)
        })
        .catch(settle.reject)
    })
  }

  #send(arrival: Arrival, settle: Settle): void {
    const { resolve, reject } = settle
    const isPaying = arrival.method === 'POST'
    const mishap = this.#chance.weighted<Mishap>({
      none: 0,
      ...(isPaying ? this.weather.paying : this.weather.reading),
    } as Record<Mishap, number>)
    const scheduler = world()
    if (mishap !== 'none') scheduler.say(arrival.payer.name, `${arrival.method}: ${mishap}`)
    if (mishap === 'unreachable') return reject(broken('ECONNREFUSED', 'connect'))
    const submission = isPaying ? this.#note(arrival) : undefined
    const refusal = REFUSALS[mishap]
    if (refusal) {
      if (submission) submission.refusal = true
      // What a server says of itself tells nothing of what was sent.
      if (submission) submission.isKnown = refusal.status < 500 && !settle.isGone()
      return resolve(respond({ ...refusal, body: Buffer.from(refusal.text) }))
    }
    if (mishap === 'lost request') return reject(broken('ECONNRESET', 'read'))
    if (mishap !== 'late') return this.#arrive({ arrival, submission, mishap }, settle)
    const delay = this.#chance.pick([2_000, 20_000, 100_000])
    scheduler.later(delay, undefined, () => {
      const answer = this.#service.handle(arrival)
      if (submission) submission.task = answer.made
      // Whoever is there hears of it.
      scheduler.later(0, arrival.payer, () => resolve(this.#heard(answer, submission, settle)))
    })
  }

  #arrive(
    { arrival, submission, mishap }: { arrival: Arrival; submission: Submission | undefined; mishap: Mishap },
    settle: Settle,
  ): void {
    const { resolve, reject } = settle
    const answer = this.#service.handle(arrival)
    if (submission) {
      submission.task = answer.made
      submission.refusal = answer.status === 400
    }
    if (mishap === 'lost answer') return reject(broken('ECONNRESET', 'read'))
    if (mishap === 'silence') return
    if (mishap === 'done, and an error')
      return resolve(respond({ status: 502, body: Buffer.from('Bad Gateway'), headers: {} }))
    if (mishap === 'half')
      return resolve(respond({ ...answer, body: answer.body.subarray(0, answer.body.length >> 1) }, 'breaks'))
    resolve(this.#heard(answer, submission, settle))
  }

  #heard(answer: Answer, submission: Submission | undefined, { isGone }: Settle): Response {
    if (submission) submission.isKnown = !isGone()
    return respond(answer)
  }

  #note({ body = '', payer }: Arrival): Submission {
    const submission: Submission = {
      key: this.#service.keyOf(body),
      payer,
      task: undefined,
      isKnown: false,
      refusal: false,
      mode: this.#modeOf(payer),
    }
    this.submissions.push(submission)
    return submission
  }
}

const REFUSALS: Partial<Record<Mishap, { status: number; text: string; headers: Record<string, string> }>> = {
  busy: { status: 503, text: 'Service Unavailable', headers: {} },
  'too fast': { status: 429, text: '{"message":"RateLimitExceeded"}', headers: { 'retry-after': '2' } },
  'queue full': { status: 429, text: '{"message":"NoMoreConcurrentTasks"}', headers: {} },
  'no credits': { status: 402, text: '{"message":"Insufficient credits"}', headers: {} },
}

interface Settle {
  /** Whether nobody waits for it any more. */
  isGone: () => boolean
  resolve: (response: Response) => void
  reject: (error: unknown) => void
}

function aborting(signal: AbortSignal | undefined, send: (settle: Settle) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const leave = () => reject(signal?.reason)
    const over = () => signal?.removeEventListener('abort', leave)
    signal?.addEventListener('abort', leave, { once: true })
    send({
      isGone: () => signal?.aborted === true,
      resolve: (response) => {
        over()
        resolve(response)
      },
      reject: (error) => {
        over()
        reject(error)
      },
    })
  })
}

function broken(code: string, syscall: string): TypeError {
  const cause = Object.assign(new Error(code), { code, syscall })
  return new TypeError('fetch failed', { cause })
}

/** As much of a response as is read: a real one takes longer to make than all that is done with it. */
function respond({ status, body, headers }: Answer, end: 'ends' | 'breaks' = 'ends'): Response {
  const response = {
    status,
    ok: status >= 200 && status < 300,
    headers: {
      get: (name: string) => headers[name] ?? null,
      has: (name: string) => name in headers,
    },
    body: {
      async *[Symbol.asyncIterator]() {
        yield body
        if (end === 'breaks') throw broken('ECONNRESET', 'read')
      },
      cancel: async () => undefined,
    },
  }
  return response as unknown as Response
}
