import type { Request } from '../../request/request.ts'
import type { Asset } from '../asset.ts'
import type { Import } from '../imports.ts'
import type { Progress } from '../../generate/progress.ts'

/** Hears what a live run does, for whoever shows it. */
export interface Observer extends Progress {
  /** An import was read; what it asked for before no longer counts. */
  imported(imported: Import, request: Request): void
  /** An import cannot be read, or its model cannot be had. */
  refused(imported: Import, error: unknown): void
  /** There is an asset to show, for the first time or a better one. */
  served(request: Request, asset: Asset): void
  /** A model is on its way from now on, until {@link ended}. */
  started(request: Request): void
  failed(request: Request, error: unknown): void
  ended(request: Request): void
  /** What an import wants is derived from now on, until {@link derivationEnded}. */
  derivationStarted(request: Request): void
  /** An import gets its model as it came, since what it wants could not be derived from that. */
  derivationFailed(request: Request, error: unknown): void
  derivationEnded(request: Request): void
}
