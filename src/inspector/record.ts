import type { Asset } from '../run/asset.ts'
import type { Import } from '../run/imports.ts'
import type { Observer } from '../run/reporting/observer.ts'
import type { Clock } from '../system/clock.ts'

/** A request, as observers are told of it. */
export type SeenRequest = Parameters<Observer['started']>[0]

/** What is known of a model. */
export interface SeenModel {
  request: SeenRequest
  asset: Asset | undefined
  error: unknown
  /** Set while it is on its way. */
  progress: SeenProgress | undefined
}

export interface SeenProgress {
  text: string
  percent: number | undefined
  /** By the clock of the run. */
  since: number
  /** How much work is under way: its making, and each derivation. */
  works: number
}

/** An import, and what it asked for last; without that it cannot be read. */
export interface SeenImport {
  imported: Import
  request: SeenRequest | undefined
  error: unknown
}

const DERIVING = 'is being derived'

/** Collects what a live run does. It decides nothing, and keeps no bytes. */
export class LiveRecord implements Observer {
  #imports = new Map<string, SeenImport>()
  #models = new Map<string, SeenModel>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Imports that the bundler still has. */
  imports(): SeenImport[] {
    return [...this.#imports.values()].filter(({ imported }) => imported.isImported?.() !== false)
  }

  model(key: string): SeenModel | undefined {
    return this.#models.get(key)
  }

  /** What met an error that nothing has settled: each import of a model may want something else derived from it. */
  failedRequests(key: string): SeenRequest[] {
    const model = this.#models.get(key)
    const failed = this.imports().filter(({ request, error }) => request?.key === key && error !== undefined)
    const requests = failed.flatMap(({ request }) => request ?? [])
    return requests.length > 0 || model?.error === undefined ? requests : [model.request]
  }

  imported: Observer['imported'] = (imported, request) => {
    this.#imports.set(idOf(imported), { imported, request, error: undefined })
    this.#update(request, {})
  }

  refused: Observer['refused'] = (imported, error) => {
    const request = this.#imports.get(idOf(imported))?.request
    this.#imports.set(idOf(imported), { imported, request, error })
  }

  served: Observer['served'] = (request, asset) => {
    const isRight = asset.metadata.state === 'ready' && !asset.isProvisional
    this.#update(request, { asset, ...(isRight ? { error: undefined } : {}) })
  }

  started: Observer['started'] = (request) => this.#begin(request, 'is about to be submitted')

  failed: Observer['failed'] = (request, error) => this.#update(request, { error })

  ended: Observer['ended'] = (request) => this.#end(request)

  derivationStarted: Observer['derivationStarted'] = (request) => {
    this.#noteDerivation(request, undefined)
    this.#begin(request, DERIVING)
  }

  derivationFailed: Observer['derivationFailed'] = (request, error) => this.#noteDerivation(request, error)

  derivationEnded: Observer['derivationEnded'] = (request) => this.#end(request)

  waiting: Observer['waiting'] = (request) => this.#progress(request, 'waits for its turn')

  queueFull: Observer['queueFull'] = (request) =>
    this.#progress(request, 'waits for a place in the queue of the account')

  task: Observer['task'] = (request, { status, progress, precedingTasks }) => {
    const isWaiting = status === 'PENDING'
    const before = isWaiting && precedingTasks ? `, ${precedingTasks} before it` : ''
    this.#progress(request, isWaiting ? `is queued at the service${before}` : 'is being made', progress)
  }

  deriving: Observer['deriving'] = (request) => this.#progress(request, DERIVING)

  /** Its end is told by {@link ended}: after the files are here. */
  done: Observer['done'] = () => {}

  #begin(request: SeenRequest, text: string): void {
    const known = this.#models.get(request.key)?.progress
    const progress = { text, percent: undefined, since: this.#clock.now(), works: 1 }
    this.#update(request, {
      error: undefined,
      progress: known ? { ...known, works: known.works + 1 } : progress,
    })
  }

  #progress(request: SeenRequest, text: string, percent?: number): void {
    const progress = this.#models.get(request.key)?.progress
    // What nobody began would never end.
    if (progress) this.#update(request, { progress: { ...progress, text, percent } })
  }

  #end(request: SeenRequest): void {
    const progress = this.#models.get(request.key)?.progress
    const works = (progress?.works ?? 0) - 1
    this.#update(request, { progress: progress && works > 0 ? { ...progress, works } : undefined })
  }

  /** It belongs to the imports that want just this of the model, and not to the model. */
  #noteDerivation({ key, derivation }: SeenRequest, error: unknown): void {
    const wanted = JSON.stringify(derivation)
    for (const [id, seen] of this.#imports) {
      const { request } = seen
      if (request?.key === key && JSON.stringify(request.derivation) === wanted)
        this.#imports.set(id, { ...seen, error })
    }
  }

  #update(request: SeenRequest, change: Partial<SeenModel>): void {
    const known = this.#models.get(request.key) ?? {
      request,
      asset: undefined,
      error: undefined,
      progress: undefined,
    }
    this.#models.set(request.key, { ...known, ...change, request })
  }
}

function idOf({ file, directives }: Import): string {
  return `${file}?${JSON.stringify(directives)}`
}
