import type { Request } from '../request/request.ts'
import type { Asset } from './asset.ts'

/** How this run got a model. */
export type Origin = 'cache' | 'generated' | 'adopted' | 'restored' | 'stand-in'

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

/** How a model came about, and what that took. */
export interface Effort {
  origin: Origin
  credits: number
  seconds: number
}

const NO_EFFORT: Effort = { origin: 'cache', credits: 0, seconds: 0 }

/** What a run did, by key. */
export class Report {
  #efforts = new Map<string, Effort>()
  #models = new Map<string, ModelReport>()

  /** Remembers that a model took more than a look into the cache. */
  addEffort(key: string, effort: Effort): void {
    this.#efforts.set(key, effort)
  }

  addAsset({ key, imageName }: Request, { metadata }: Asset): void {
    const { state, triangles, bytes, source } = metadata
    const effort = this.#efforts.get(key) ?? NO_EFFORT
    const origin = source === 'stand-in' ? 'stand-in' : effort.origin
    this.#models.set(key, { image: imageName, key, state, triangles, bytes, ...effort, origin })
  }

  /** Every model of the run, sorted by the name of its image. */
  models(): ModelReport[] {
    return [...this.#models.values()].toSorted((a, b) => (a.image < b.image ? -1 : Number(a.image > b.image)))
  }
}
