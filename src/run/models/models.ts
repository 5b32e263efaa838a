import type { Derivation } from '../../finding/derivation.ts'
import type { State } from '../../finding/modes.ts'
import type { Effort, Expiring, ModelsOfRun, Step } from '../../generate/ports.ts'
import type { FileRole } from '../../request/files.ts'
import type { Request } from '../../request/request.ts'
import type { Clock } from '../../system/clock.ts'
import { SingleFlight } from '../../system/once.ts'
import type { Asset } from '../asset.ts'
import type { Import } from '../imports.ts'
import { type Awaited, idOfImport, type ImportRecord, type Model, type Work } from './model.ts'
import type { SharedModels } from './shared-models.ts'

/** Called for each change of a model. */
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
  isAsked: false,
  shown: undefined,
  awaited: [],
  work: undefined,
  error: undefined,
  givenUp: undefined,
  derivationErrors: new Map(),
  effort: undefined,
  expiring: undefined,
}

/**
 * The table of the models of a run: the only place that changes what is known about them. Everything that shows it
 * subscribes.
 */
export class Models implements ModelsOfRun {
  readonly isLive: boolean
  /** What this run knows together with the others of the process. */
  readonly shared: SharedModels
  /** What is being derived in the background. */
  readonly derivations = new SingleFlight()
  readonly #clock: Clock
  readonly #models = new Map<string, Model>()
  readonly #imports = new Map<string, ImportRecord>()
  readonly #listeners: Listener[] = []

  constructor({ clock, isLive, shared }: ModelsInit) {
    this.isLive = isLive
    this.shared = shared
    this.#clock = clock
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

  get flights(): SharedModels['flights'] {
    return this.shared.flights
  }

  wantedOf(request: Request): FileRole[] {
    return this.shared.filesOf(request)
  }

  async isWanted({ key }: Request): Promise<boolean> {
    return !this.isLive || (await this.shared.findWanting(key)) !== undefined
  }

  /** An import was read; what it asked for before no longer counts. */
  imported(imported: Import, request: Request): void {
    this.shared.addFiles(request)
    this.#imports.set(idOfImport(imported), { imported, request, error: undefined })
    this.#change(request, {})
  }

  /** An import cannot be read, or its model cannot be obtained. */
  refused(imported: Import, error: unknown): void {
    const id = idOfImport(imported)
    this.#imports.set(id, { imported, request: this.#imports.get(id)?.request, error })
  }

  /** There is an asset to show, for the first time or a better one. */
  served(request: Request, asset: Asset): Model {
    if (asset.metadata.state !== 'ready') return this.#change(request, { asset })
    const { givenUp, awaited } = this.#of(request)
    // Another import may still lack what it wants from the same model.
    const isSettled = !asset.isProvisional && (!givenUp || isSameWant(givenUp, request))
    const settled = isSettled ? { error: undefined, givenUp: undefined } : {}
    return this.#change(request, {
      asset,
      isAsked: false,
      awaited: asset.isProvisional ? awaited : this.#awaiting({ request, asset }),
      ...settled,
    })
  }

  /** It waits for the developer's approval from now on. */
  ask(request: Request): void {
    this.#change(request, { isAsked: true })
  }

  /** The developer was shown its price in this state, or has to be shown it again. */
  shown(request: Request, shown: State | undefined): void {
    this.#change(request, { shown })
  }

  /** Nobody works on it here; someone else may, from now until it {@link arrived}. */
  awaitArrival(now: Awaited): void {
    this.#change(now.request, { awaited: this.#awaiting(now) })
  }

  /** Someone else has stored it, or another one, or has given it up. */
  arrived(request: Request): void {
    this.#change(request, { awaited: [], isAsked: false })
  }

  /** It is no longer asked about. Returns whether it was: a second approval at the same moment finds nothing. */
  withdraw(key: string): boolean {
    const model = this.#models.get(key)
    if (!model?.isAsked) return false
    this.#change(model.request, { isAsked: false })
    return true
  }

  /** Something is being done for it, until {@link end}. */
  begin(request: Request): void {
    this.#begin(request, 'begun')
  }

  progress(request: Request, step: Step): void {
    const known = this.#of(request).work ?? { ...NEW_WORK, since: this.#clock.now() }
    if (step === 'on its way') this.#change(request, { work: { ...known, isSent: true } })
    else if (step === 'done') this.#goOn(request, { ...known, isQuiet: true, isSent: false })
    else {
      const isSent = known.isSent || typeof step === 'object'
      this.#change(request, { work: { ...known, step, isQuiet: false, isSent } })
    }
  }

  /** @param isGivenUp whether it was this run, which does not try again by itself */
  failed(request: Request, error: unknown, { isGivenUp = false } = {}): void {
    this.#change(request, { error, givenUp: isGivenUp ? request : undefined })
  }

  end(request: Request): void {
    const { work } = this.#of(request)
    if (work) this.#goOn(request, { ...work, begun: work.begun - 1 })
  }

  /** What an import wants is being derived from it, until {@link end}. */
  beginDerivation(request: Request, { key }: Derivation): void {
    this.#setDerivationError(request, key, undefined)
    this.#begin(request, 'deriving')
  }

  /** An import gets its model as it came, because what it wants could not be derived from it. */
  derivationFailed(request: Request, { key }: Derivation, error: unknown): void {
    this.#setDerivationError(request, key, error)
  }

  /** Why a derivation failed in this run; undefined if it did not. */
  derivationError({ key }: Request, derivation: Derivation): unknown {
    return this.#models.get(key)?.derivationErrors.get(derivation.key)
  }

  /** The cost of a model. A restored file does not hide that the model was generated in the same run. */
  addEffort(request: Request, effort: Effort): void {
    const known = this.#of(request).effort
    if (!known || known.credits === 0) this.#change(request, { effort })
  }

  /** A model that nobody imports does not make a build depend on its bytes. */
  addExpiring(expiring: Expiring): void {
    const model = this.#models.get(expiring.key)
    if (model) this.#change(model.request, { expiring })
  }

  #begin(request: Request, step: 'begun' | 'deriving'): void {
    const known = this.#of(request).work ?? { ...NEW_WORK, step, since: this.#clock.now() }
    this.#change(request, {
      work: { ...known, begun: known.begun + 1 },
      awaited: [],
      // A derivation for one import says nothing about what another import could not get.
      ...(step === 'begun' && { error: undefined, givenUp: undefined }),
    })
  }

  /** Work continues until everything that was started has ended. */
  #goOn(request: Request, work: Work): void {
    this.#change(request, { work: work.begun > 0 ? work : undefined })
  }

  /** It belongs to the imports that want exactly this from the model, not to the model. */
  #setDerivationError(request: Request, key: string, error: unknown): void {
    const wanted = JSON.stringify(request.derivation)
    for (const [id, known] of this.#imports) {
      const isSame = known.request?.key === request.key && JSON.stringify(known.request.derivation) === wanted
      if (isSame) this.#imports.set(id, { ...known, error })
    }
    const derivationErrors = new Map(this.#of(request).derivationErrors)
    if (error === undefined) derivationErrors.delete(key)
    else derivationErrors.set(key, error)
    this.#change(request, { derivationErrors })
  }

  #awaiting(now: Awaited): Awaited[] {
    const { awaited } = this.#of(now.request)
    return [...awaited.filter(({ request }) => !isSameWant(request, now.request)), now]
  }

  #of(request: Request): Model {
    return this.#models.get(request.key) ?? { ...UNKNOWN, request }
  }

  #change(request: Request, change: Partial<Model>): Model {
    const before = this.#models.get(request.key)
    const changed = { ...this.#of(request), ...change, request }
    const now = { ...changed, shown: changed.isAsked ? changed.shown : undefined }
    this.#models.set(request.key, now)
    for (const hear of this.#listeners) hear(now, before)
    return now
  }
}

function isSameWant(one: Request, other: Request): boolean {
  const want = ({ wanted, derivation, lods }: Request) => JSON.stringify([wanted, derivation, lods])
  return want(one) === want(other)
}
