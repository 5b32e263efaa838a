import type { Request } from '../../request/request.ts'
import { by } from '../../system/order.ts'
import type { Asset } from '../asset.ts'
import type { Effort, Origin, Expiring } from '../../generate/effort.ts'

/** One model of a run, for the summary and for `api.report()`. */
export interface ModelReport {
  image: string
  key: string
  state: 'ready' | 'pending' | 'preview'
  origin: Origin
  triangles: number
  bytes: number
  /** Credits that this run spent on it. */
  credits: number
  /** Seconds that this run waited for it. */
  seconds: number
}

const NO_EFFORT: Effort = { origin: 'cache', credits: 0, seconds: 0 }

/** What a run did, by key. */
export class Report {
  #efforts = new Map<string, Effort>()
  #models = new Map<string, ModelReport>()
  #expiring = new Map<string, Expiring>()
  readonly #told: Set<string>

  /** @param told what sums of the process have told, whichever part of a build it was */
  constructor(told = new Set<string>()) {
    this.#told = told
  }

  /** Remembers what a model took. A restored file does not hide that the model was generated in the same run. */
  addEffort(key: string, effort: Effort): void {
    const known = this.#efforts.get(key)
    if (known && known.credits > 0) return
    this.#efforts.set(key, effort)
  }

  addAsset({ key, imageName }: Request, { metadata }: Asset): ModelReport {
    const { state, triangles, bytes, source } = metadata
    const effort = this.#efforts.get(key) ?? NO_EFFORT
    const origin = source === 'stand-in' ? 'stand-in' : effort.origin
    const model = { image: imageName, key, state, triangles, bytes, ...effort, origin }
    this.#models.set(key, model)
    return model
  }

  /** The models that no sum has counted yet: frameworks build in several parts, and a person started one build. */
  takeUntold(): ModelReport[] {
    const models = this.models().filter((model) => !this.#isTold(model))
    for (const { key, origin } of models) this.#told.add(key).add(`${key} ${origin}`)
    return models
  }

  /** What one part of a build made, the next one finds in the cache. */
  #isTold({ key, origin }: ModelReport): boolean {
    return this.#told.has(origin === 'cache' ? key : `${key} ${origin}`)
  }

  addExpiring(model: Expiring): void {
    this.#expiring.set(model.key, model)
  }

  /** The models whose bytes will be gone, as far as no part of the build has told of them. */
  takeExpiring(): Expiring[] {
    const models = [...this.#expiring.values()].filter(({ key }) => !this.#told.has(`${key} expiring`))
    for (const { key } of models) this.#told.add(`${key} expiring`)
    return models
  }

  /** Every model of the run, sorted by the name of its image. */
  models(): ModelReport[] {
    return [...this.#models.values()].toSorted(by(({ image, key }) => [image, key]))
  }
}

/** A run in one line: `12 models: 10 from the cache, 2 generated, 60 credits`; undefined when all was at hand. */
export function summarize(models: readonly ModelReport[]): string | undefined {
  if (models.every(({ origin }) => origin === 'cache')) return undefined
  const counts = (['cache', 'generated', 'adopted', 'shared', 'restored', 'derived', 'stand-in'] as const)
    .map((origin) => ({ origin, count: models.filter((model) => model.origin === origin).length }))
    .filter(({ count }) => count > 0)
    .map(({ origin, count }) => `${count} ${ORIGIN_WORDS[origin]}`)
  const credits = models.reduce((sum, model) => sum + model.credits, 0)
  return `${models.length} model${models.length === 1 ? '' : 's'}: ${counts.join(', ')}, ${credits} credits`
}

const ORIGIN_WORDS: Record<Origin, string> = {
  cache: 'from the cache',
  generated: 'generated',
  adopted: 'taken over from a task of the account',
  shared: 'taken from a store',
  restored: 'restored',
  derived: 'derived',
  'stand-in': 'STAND-INS, not the real models',
}
