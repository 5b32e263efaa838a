import type { ImportSite } from '../system/errors.ts'
import type { AssetMetadata } from '../types.ts'

/** What the inspector says about a project: the content of `assets.json`. */
export interface Inspection {
  mode: string
  /** Why this visitor may not press buttons that can spend; undefined for visitors who may. */
  locked?: string | undefined
  /** Sorted by the name of the image. */
  models: InspectedModel[]
  totals: InspectedTotals
}

/** One model, or one import that cannot be read. */
export interface InspectedModel {
  /** The key of the request; another text for an import that cannot be read. */
  id: string
  /** File name of the imported image or recipe. */
  image: string
  importers: ImportSite[]
  /** What the imports ask for, by the names of directives. */
  directives: Record<string, unknown>
  /** The query that rolls the dice again. */
  nextQuery: string | undefined
  state: 'ready' | 'pending' | 'preview' | 'failed'
  /** Whether it waits for the developer's approval. */
  isAsked: boolean
  /** Whether it failed, and may be retried. */
  canRetry: boolean
  progress: InspectedProgress | undefined
  /** Whether the model is pinned or stored, so that nothing more has to be paid for it. */
  isStored: boolean
  /** Credits that it cost, or would cost. */
  credits: number
  /** Facts about what is shown: the model, or its stand-in. */
  metadata: AssetMetadata | undefined
  /** What the model was before something was derived from it; undefined if nothing was. */
  source: InspectedSource | undefined
  /** Further levels of detail, from fine to coarse. */
  levels: InspectedLevel[]
  /** Paths of the images, relative to the page. */
  pictures: string[]
  /** Path of the GLB, relative to the page. */
  model: string | undefined
  error: InspectedError | undefined
}

interface InspectedSource {
  bytes: number
  triangles: number
  size: readonly number[]
}

interface InspectedLevel {
  bytes: number
  triangles: number
  /** Path of the GLB, relative to the page; undefined in a report. */
  model: string | undefined
}

export interface InspectedProgress {
  text: string
  /** 0 to 100; undefined while nothing is known about it. */
  percent: number | undefined
  /** Seconds since work on it started. */
  seconds: number
}

export interface InspectedError {
  code: string
  message: string
  hint: string
}

export interface InspectedTotals {
  models: number
  /** Of the GLBs that are shown. */
  bytes: number
  credits: {
    /** What the stored models cost, whenever that was. */
    spent: number
    /** What this run has spent of that. */
    thisRun: number
    onTheirWay: number
    /** What the models awaiting approval would cost. */
    asked: number
    /** What the account has left; undefined if nobody may ask, or the service does not say. */
    balance: number | undefined
  }
}
