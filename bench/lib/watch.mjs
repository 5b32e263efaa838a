import crypto from 'node:crypto'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import workers from 'node:worker_threads'

const fs = createRequire(import.meta.url)('node:fs')

/**
 * Counts what this process does from now on. Call it before importing what is watched.
 *
 * @returns the counts: reads by file, SHA-256 computations, connections, threads
 */
export function watchProcess() {
  const counts = { reads: new Map(), digests: 0, connections: 0, threads: 0 }
  const noteRead = (file) => {
    if (typeof file !== 'string') return
    const name = path.basename(file)
    counts.reads.set(name, (counts.reads.get(name) ?? 0) + 1)
  }
  wrap(fs.promises, 'readFile', noteRead)
  wrap(fs.promises, 'open', noteRead)
  wrap(fs, 'readFile', noteRead)
  wrap(fs, 'readFileSync', noteRead)
  wrap(crypto, 'createHash', (algorithm) => (counts.digests += algorithm === 'sha256' ? 1 : 0))
  wrap(net.Socket.prototype, 'connect', () => counts.connections++)
  const { Worker } = workers
  workers.Worker = class extends Worker {
    constructor(...args) {
      super(...args)
      counts.threads++
    }
  }
  syncBuiltinESMExports()
  return counts
}

/** Native libraries in this process whose path matches. */
export function loadedLibraries(pattern) {
  return process.report.getReport().sharedObjects.filter((file) => pattern.test(file))
}

function wrap(object, name, note) {
  const original = object[name]
  object[name] = function (...args) {
    note(...args)
    return original.apply(this, args)
  }
}
