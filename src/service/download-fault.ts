import { MeshyError } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { stripQuery } from '../system/redact.ts'

/**
 * The outcome of one attempt: `transient` may go away by itself, `expired` with a fresh address, `final` not at all.
 */
export type FaultKind = 'transient' | 'expired' | 'final'

export interface FaultInit {
  /** A sentence without subject and period: `answered 404`. */
  message: string
  /** The file arrived, but is not what it should be. */
  isInvalid?: boolean | undefined
  status?: number | undefined
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** A failed attempt to fetch a file. Never leaves the download: see {@link downloadError}. */
export class DownloadFault extends Error {
  override readonly name = 'DownloadFault'
  readonly kind: FaultKind
  readonly isInvalid: boolean
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(kind: FaultKind, init: FaultInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.kind = kind
    this.isInvalid = init.isInvalid ?? false
    this.status = init.status
    this.retryAfterMs = init.retryAfterMs
  }
}

/** The error that a download ends with. An error of the sink is passed on unchanged. */
export function downloadError(fault: DownloadFault, url: string): MeshyError {
  if (fault.cause instanceof MeshyError) return fault.cause
  const code = fault.isInvalid ? 'MESHY_DOWNLOAD_INVALID' : 'MESHY_DOWNLOAD_FAILED'
  return new MeshyError(code, {
    message: `The host of \`${stripQuery(url)}\` ${fault.message}.`,
    hint: failures[code].next,
    details: { url: stripQuery(url), status: fault.status, expired: fault.kind === 'expired' },
    cause: fault.cause,
  })
}
