import { unwatchFile, watchFile } from 'node:fs'
import { findEntry } from '../../finding/classify.ts'
import type { Request } from '../../request/request.ts'
import { formatThrown, isMeshyError } from '../../system/errors.ts'
import type { RunPorts } from '../context.ts'
import { touchStateFile } from './state-file.ts'

/** One `stat` each time. Watchers of the operating system miss files that are replaced, or are not there yet. */
const INTERVAL_MS = 500

/**
 * Shows models that come from elsewhere in the place of a stand-in that nobody here works on: by `generate` in another
 * terminal, by a pull. Their module is loaded again.
 *
 * @returns what ends the watching, until something is awaited again
 */
export function watchForArrivals(ports: RunPorts): () => void {
  const { models, options, store } = ports
  // What changes when a model is stored.
  const file = options.lockfile || store.layout.entries
  let isWatching = false
  const look = async () => {
    const awaited = () => models.all().filter(({ isAwaited }) => isAwaited)
    await Promise.all(awaited().map(({ request }) => lookFor(ports, request)))
    if (awaited().length === 0) stop()
  }
  const listener = () => void look()
  const stop = () => {
    unwatchFile(file, listener)
    isWatching = false
  }
  models.subscribe((now, before) => {
    if (!now.isAwaited) return
    if (!isWatching) watchFile(file, { interval: INTERVAL_MS, persistent: false }, listener)
    isWatching = true
    // It may have come right before.
    if (!before?.isAwaited) void lookFor(ports, now.request)
  })
  return stop
}

/** Nobody waits for it, and it ends no server. */
async function lookFor(ports: RunPorts, request: Request): Promise<void> {
  const { models, reporter } = ports
  const { key, imageName } = request
  try {
    if (!(await isThere(ports, key)) || !models.find(key)?.isAwaited) return
    models.arrived(request)
    await touchStateFile({ ports }, key)
  } catch (error) {
    reporter.notices.once(`${imageName}: reload the page to see its model. ${formatThrown(error)}`)
  }
}

async function isThere(ports: RunPorts, key: string): Promise<boolean> {
  try {
    return (await findEntry(ports, key)) !== undefined
  } catch (error) {
    // A lockfile in the middle of a merge, say: whoever loads the module is told.
    if (isMeshyError(error)) return false
    throw error
  }
}
