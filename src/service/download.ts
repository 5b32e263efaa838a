import { isMeshyError, MeshyError } from '../system/errors.ts'
import { backoff, type BackoffSteps } from '../system/retry.ts'
import type { Log } from '../system/logger.ts'
import { stripQuery } from '../system/redact.ts'
import { fetchFile, type FetchFileOptions, DownloadFault } from './fetch-file.ts'
import { failures } from '../system/failures.ts'

/** A sink that throws `MESHY_DOWNLOAD_INVALID` asks for another attempt; its other errors end the download. */
export interface DownloadOptions<T> extends FetchFileOptions<T> {
  /** Returns a fresh address after this one has expired; called at most once. */
  refresh?: (() => Promise<string>) | undefined
  /** Between 0 and 1, for jitter. */
  random?: (() => number) | undefined
  log?: Log | undefined
}

const MAX_ATTEMPTS = 5
const STEPS: BackoffSteps = { first: 500, max: 10_000 }
const MAX_WAIT_MS = 60_000

/**
 * Fetches a file of a task into a sink, without any credentials, and returns what the sink returns.
 *
 * @throws {MeshyError} `MESHY_DOWNLOAD_FAILED`, `MESHY_DOWNLOAD_INVALID`, `MESHY_DOWNLOAD_URL`, or whatever the sink or
 * `refresh` throws.
 */
export async function download<T>(url: string, options: DownloadOptions<T>): Promise<T> {
  const { clock, signal, random = Math.random, log } = options
  let address = url
  let refresh = options.refresh
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchFile(address, options)
    } catch (error) {
      signal?.throwIfAborted()
      const fault = faultOf(error)
      log?.(`download of ${stripQuery(address)}: ${fault.message}`)
      if (fault.kind === 'expired' && refresh) {
        address = await refresh()
        refresh = undefined
        continue
      }
      if (fault.kind !== 'transient' || attempt >= MAX_ATTEMPTS) throw downloadError(fault, address)
      const pause = Math.max(backoff(attempt, random(), STEPS), fault.retryAfterMs ?? 0)
      await clock.sleep(Math.min(pause, MAX_WAIT_MS), signal)
    }
  }
}

function faultOf(error: unknown): DownloadFault {
  if (error instanceof DownloadFault) return error
  if (!isMeshyError(error) || error.code !== 'MESHY_DOWNLOAD_INVALID') throw error
  return new DownloadFault('transient', { message: error.message, isInvalid: true, cause: error })
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
