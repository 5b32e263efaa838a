import type { Effort, Expiring } from '../../generate/effort.ts'
import type { ModelsOfRun, Step } from '../../generate/ports.ts'
import type { Request, Wanted } from '../../request/request.ts'
import type { Clock } from '../../system/clock.ts'
import type { SingleFlight } from '../../system/single-flight.ts'
import type { Asset } from '../asset.ts'
import type { Import } from '../imports.ts'
import { idOfImport, type ImportRecord, type Model, type Work } from './model.ts'
import type { SharedModels } from './shared-models.ts'

/** Hears of each change of a model. */
export type Listener = (now: Model, before: Model | undefined) => void

interface ModelsInit {
  clock: Clock
  /** Whether the bundler serves or watches, so that nobody waits. */
  isLive: boolean
  shared: SharedModels
}

const NEW_WORK = { step: 'begun', begun: 0, isQuiet: true, isSent: false } as const

const UNKNOWN: Omit<Model, 'request'> = {
  asset: undefined,
  work: undefined,
  error: undefined,
  effort: undefined,
  expiring: undefined,
}

/** The table of the models of a run: the one place that changes what is known of them. Whoever shows it subscribes. */
export class Models implements ModelsOfRun {
  readonly isLive: boolean
  readonly flights: SingleFlight
  /** Models that a sum of this process has counted. */
  readonly told: Set<string>
  readonly #clock: Clock
  readonly #shared: SharedModels
  readonly #models = new Map<string, Model>()
  readonly #imports = new Map<string, ImportRecord>()
  readonly #listeners: Listener[] = []

  constructor({ clock, isLive, shared }: ModelsInit) {
    this.isLive = isLive
    this.flights = shared.flights
    this.told = shared.told
    this.#clock = clock
    this.#shared = shared
  }

  subscribe(listener: Listener): void {
    this.#listeners.push(listener)
  }

  all(): Model[] {
    return [...this.#models.values()]
  }

  find(key: string): Model | undefined {
    return this.#models.get(key)
  }

  /** Imports that the bundler still has. */
  imports(): ImportRecord[] {
    return [...this.#imports.values()].filter(({ imported }) => imported.isImported?.() !== false)
  }

  /** What the imports of a key ask for, each in its own way. */
  requestsOf(key: string): Request[] {
    return [...this.#imports.values()].flatMap(({ request }) => (request?.key === key ? request : []))
  }

  wantedOf(request: Request): Wanted {
    return this.#shared.wantedOf(request)
  }

  /** An import was read; what it asked for before no longer counts. */
  imported(imported: Import, request: Request): void {
    this.#shared.want(request)
    this.#imports.set(idOfImport(imported), { imported, request, error: undefined })
    this.#change(request, {})
  }

  /** An import cannot be read, or its model cannot be had. */
  refused(imported: Import, error: unknown): void {
    const id = idOfImport(imported)
    this.#imports.set(id, { imported, request: this.#imports.get(id)?.request, error })
  }

  /** There is an asset to show, for the first time or a better one. */
  served(request: Request, asset: Asset): Model {
    const isRight = asset.metadata.state === 'ready' && !asset.isProvisional
    return this.#change(request, { asset, ...(isRight && { error: undefined }) })
  }

  /** It is made, or something is derived from it, until {@link end}. */
  begin(request: Request, step: 'begun' | 'deriving'): void {
    if (step === 'deriving') this.#setDerivationError(request, undefined)
    const { work } = this.#of(request)
    const known = work ?? { ...NEW_WORK, step, since: this.#clock.now() }
    this.#change(request, { error: undefined, work: { ...known, begun: known.begun + 1 } })
  }

  progress(request: Request, step: Step): void {
    const { work } = this.#of(request)
    const known = work ?? { ...NEW_WORK, since: this.#clock.now() }
    if (step === 'on its way') this.#change(request, { work: { ...known, isSent: true } })
    else if (step === 'done') this.#goOn(request, { ...known, isQuiet: true, isSent: false })
    else {
      const isSent = known.isSent || typeof step === 'object'
      this.#change(request, { work: { ...known, step, isQuiet: false, isSent } })
    }
  }

  failed(request: Request, error: unknown): void {
    this.#change(request, { error })
  }

  /** An import gets its model as it came, since what it wants could not be derived from that. */
  derivationFailed(request: Request, error: unknown): void {
    this.#setDerivationError(request, error)
    this.#change(request, {})
  }

  end(request: Request): void {
    const { work } = this.#of(request)
    if (work) this.#goOn(request, { ...work, begun: work.begun - 1 })
  }

  /** What a model took. A restored file does not hide that the model was generated in the same run. */
  addEffort(request: Request, effort: Effort): void {
    const known = this.#of(request).effort
    if (!known || known.credits === 0) this.#change(request, { effort })
  }

  /** What nobody imports keeps no build from its bytes. */
  addExpiring(expiring: Expiring): void {
    const model = this.#models.get(expiring.key)
    if (model) this.#change(model.request, { expiring })
  }

  /** Work goes on until all that was begun is ended. */
  #goOn(request: Request, work: Work): void {
    this.#change(request, { work: work.begun > 0 ? work : undefined })
  }

  /** It belongs to the imports that want just this of the model, and not to the model. */
  #setDerivationError({ key, derivation }: Request, error: unknown): void {
    const wanted = JSON.stringify(derivation)
    for (const [id, known] of this.#imports) {
      const { request } = known
      if (request?.key === key && JSON.stringify(request.derivation) === wanted)
        this.#imports.set(id, { ...known, error })
    }
  }

  #of(request: Request): Model {
    return this.#models.get(request.key) ?? { ...UNKNOWN, request }
  }

  #change(request: Request, change: Partial<Model>): Model {
    const before = this.#models.get(request.key)
    const now = { ...this.#of(request), ...change, request }
    this.#models.set(request.key, now)
    for (const hear of this.#listeners) hear(now, before)
    return now
  }
}
