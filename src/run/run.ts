import type { Clock } from '../system/clock.ts'
import type { Logger } from '../system/logger.ts'
import type { BordersInit } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Environment } from './environment.ts'
import type { WaysToAgree } from './live/consent.ts'
import type { ResolvedOptions } from './option-types.ts'

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
