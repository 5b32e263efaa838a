import type { Clock } from '../system/clock.ts'
import type { Logger } from '../system/logger.ts'
import type { BordersInit } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Environment } from './environment.ts'
import type { ResolvedOptions } from './option-types.ts'

/** How a developer can say yes in this run. */
export interface WaysToAgree {
  /** Keys of the terminal, where one listens. */
  key?: string | undefined
  /** Path of a page with a button, where there is one. */
  page?: string | undefined
}

/** What a bundler or a command brings to a run. */
export interface Run {
  options: ResolvedOptions
  env: Environment
  /** Where `.env` files were looked for. */
  envFolders?: readonly string[]
  /** Whether the bundler serves or watches, so that nobody should wait. */
  live: boolean
  logger: Logger
  waysToAgree?: (() => WaysToAgree) | undefined
  /** A number that changes while the bundler finds modules. */
  activity: () => number
  /** Whether the run is bound to fail for another import, so that nothing more should be paid. */
  hasFailed?: (() => boolean) | undefined
  signal?: AbortSignal | undefined
  part?: Part | undefined
  /** What the bundler says of its own borders. */
  borders?: Pick<BordersInit, 'dependencyCache' | 'serves'> | undefined
  /** @default the system's */
  clock?: Clock | undefined
}
