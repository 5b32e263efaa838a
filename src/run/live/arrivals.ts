import { unwatchFile, watchFile } from 'node:fs'
import { findEntry } from '../../finding/classify.ts'
import type { Request } from '../../request/request.ts'
import { formatThrown, isMeshyError } from '../../system/errors.ts'
import type { RunPorts } from '../context.ts'
import { touchStateFile } from './state-file.ts'

/** One `stat` each time. Watchers of the operating system miss files that are replaced, or do not exist yet. */
const INTERVAL_MS = 500

/**
 * Replaces a stand-in that nobody here works on with a model that comes from elsewhere: from `generate` in another
 * terminal, or from a pull. Its module is loaded again.
 *
 * @returns a function that ends the watching, until something is awaited again
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
    // It may have arrived right before.
    if (!before?.isAwaited) void lookFor(ports, now.request)
  })
  return stop
}

/** Nobody waits for this, and its failure must not end a server. */
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
    // For example a lockfile in the middle of a merge: whoever loads the module is told.
    if (isMeshyError(error)) return false
    throw error
  }
}
