import type { ImportSite } from '../system/errors.ts'
import type { AssetMetadata } from '../types.ts'

/** What the inspector tells of a project: the content of `assets.json`. */
export interface Inspection {
  mode: string
  /** Why this visitor may not press what can spend; undefined for whoever may. */
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
  /** Whether it failed, and may be tried again. */
  canRetry: boolean
  progress: InspectedProgress | undefined
  /** Whether the model is pinned or stored, so that nothing more is to be paid for it. */
  isStored: boolean
  /** Credits that it took, or would take. */
  credits: number
  /** Facts of what is shown: the model, or its stand-in. */
  metadata: AssetMetadata | undefined
  /** What the model was before something was derived from it; undefined where nothing was. */
  source: InspectedSource | undefined
  /** Further levels of detail, from fine to coarse. */
  levels: InspectedLevel[]
  /** Paths of the pictures, relative to the page. */
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
  /** 0 to 100; undefined while nothing is known of it. */
  percent: number | undefined
  /** Seconds since it is on its way. */
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
    /** What the models that are stored took, whenever that was. */
    spent: number
    /** What this run has spent of it. */
    thisRun: number
    onTheirWay: number
    /** What is asked for would take. */
    asked: number
    /** What the account has left; undefined when nobody may ask, or the service does not tell. */
    balance: number | undefined
  }
}
