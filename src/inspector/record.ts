import type { Asset } from '../pipeline/asset.ts'
import type { Import } from '../pipeline/imports.ts'
import type { Observer } from '../pipeline/observer.ts'
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
}

/** An import, and the key of what it asked for last; without one it cannot be read. */
export interface SeenImport {
  imported: Import
  key: string | undefined
  error: unknown
}

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

  /** Whether a model, or an import of it, met an error that nothing has settled. */
  hasFailed(key: string): boolean {
    return (
      this.#models.get(key)?.error !== undefined ||
      this.imports().some((seen) => seen.key === key && seen.error !== undefined)
    )
  }

  imported: Observer['imported'] = (imported, request) => {
    this.#imports.set(idOf(imported), { imported, key: request.key, error: undefined })
    this.#update(request, {})
  }

  refused: Observer['refused'] = (imported, error) => {
    const key = this.#imports.get(idOf(imported))?.key
    this.#imports.set(idOf(imported), { imported, key, error })
  }

  served: Observer['served'] = (request, asset) => {
    const isReady = asset.metadata.state === 'ready'
    this.#update(request, { asset, ...(isReady ? { error: undefined } : {}) })
  }

  started: Observer['started'] = (request) => {
    this.#update(request, { error: undefined })
    this.#progress(request, 'is about to be submitted')
  }

  failed: Observer['failed'] = (request, error) => this.#update(request, { error })

  ended: Observer['ended'] = (request) => this.#update(request, { progress: undefined })

  waiting: Observer['waiting'] = (request) => this.#progress(request, 'waits for its turn')

  queueFull: Observer['queueFull'] = (request) =>
    this.#progress(request, 'waits for a place in the queue of the account')

  task: Observer['task'] = (request, { status, progress, precedingTasks }) => {
    const isWaiting = status === 'PENDING'
    const before = isWaiting && precedingTasks ? `, ${precedingTasks} before it` : ''
    this.#progress(request, isWaiting ? `is queued at the service${before}` : 'is being made', progress)
  }

  deriving: Observer['deriving'] = (request) => this.#progress(request, 'is being derived')

  /** Its end is told by {@link ended}: after the files are here. */
  done: Observer['done'] = () => {}

  #progress(request: SeenRequest, text: string, percent?: number): void {
    const since = this.#models.get(request.key)?.progress?.since ?? this.#clock.now()
    this.#update(request, { progress: { text, percent, since } })
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
