import { isMeshyError } from '../system/errors.ts'
import { backoff, type BackoffSteps } from '../system/retry.ts'
import type { Log } from '../system/logger.ts'
import { stripQuery } from '../system/redact.ts'
import { DownloadFault, downloadError } from './download-fault.ts'
import { fetchFile, type FetchFileOptions } from './fetch-file.ts'

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
