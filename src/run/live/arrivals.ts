import { unwatchFile, watchFile } from 'node:fs'
import { classify, filesWanted, findEntry } from '../../finding/classify.ts'
import { readFileState } from '../../store/verified-files.ts'
import { formatThrown, isMeshyError } from '../../system/errors.ts'
import { type Asset, readyAsset } from '../asset.ts'
import type { RunPorts } from '../context.ts'
import type { Awaited } from '../models/model.ts'
import { touchStateFile } from './state-file.ts'

/** One `stat` each time. Watchers of the operating system miss files that are replaced, or do not exist yet. */
const INTERVAL_MS = 500

/**
 * Replaces what is shown when something else is stored or pinned elsewhere: by `generate`, `pin` or `forget` in another
 * terminal, or by git, which may bring the lockfile long before the bytes. Its module is loaded again.
 *
 * @returns a function that ends the watching, until something is awaited again
 */
export function watchForArrivals(ports: RunPorts): () => void {
  const arrivals = new Arrivals(ports)
  ports.models.subscribe((now, before) => {
    if (now.awaited.length > 0 && now.awaited !== before?.awaited) arrivals.await(now.request.key)
  })
  return () => arrivals.stop()
}

class Arrivals {
  readonly #ports: RunPorts
  /** What changes when a model is stored. */
  readonly #pins: string
  readonly #watched = new Map<string, () => void>()
  /** By key: the files of pinned models that are not shown yet. */
  readonly #files = new Map<string, readonly string[]>()
  /** By key: what was there when it was last looked for, in vain. */
  readonly #seen = new Map<string, string>()

  constructor(ports: RunPorts) {
    this.#ports = ports
    this.#pins = ports.options.lockfile || ports.store.layout.entries
  }

  await(key: string): void {
    this.#watch(this.#pins)
    // It may have arrived right before.
    void this.#look(key)
  }

  stop(): void {
    this.#files.clear()
    for (const file of this.#watched.keys()) this.#unwatch(file)
  }

  #watch(file: string): void {
    if (this.#watched.has(file)) return
    const listener = () => void this.#changed(file)
    this.#watched.set(file, listener)
    watchFile(file, { interval: INTERVAL_MS, persistent: false }, listener)
  }

  #unwatch(file: string): void {
    const listener = this.#watched.get(file)
    if (listener) unwatchFile(file, listener)
    this.#watched.delete(file)
  }

  async #changed(file: string): Promise<void> {
    const keys = this.#awaited().filter((key) => file === this.#pins || this.#files.get(key)?.includes(file))
    await Promise.all(keys.map((key) => this.#look(key)))
    if (this.#awaited().length === 0) this.stop()
  }

  #awaited(): string[] {
    return this.#ports.models.all().flatMap(({ awaited, request }) => (awaited.length > 0 ? request.key : []))
  }

  /** Nobody waits for this, and its failure must not end a server. */
  async #look(key: string): Promise<void> {
    const { models, reporter } = this.#ports
    try {
      const files = await this.#lookFor(key)
      // The server was closed in the meantime.
      if (!this.#watched.has(this.#pins)) return
      // They may have changed before they were watched.
      if (this.#follow(key, files)) await this.#look(key)
    } catch (error) {
      const name = models.find(key)?.request.imageName
      reporter.notices.once(`${name}: reload the page to see its model. ${formatThrown(error)}`)
    }
  }

  /** @returns whether some of them were not watched yet */
  #follow(key: string, files: readonly string[]): boolean {
    const before = this.#files.get(key) ?? []
    this.#files.set(key, files)
    const still = new Set([this.#pins, ...[...this.#files.values()].flat()])
    for (const file of before) if (!still.has(file)) this.#unwatch(file)
    const added = files.filter((file) => !this.#watched.has(file))
    for (const file of added) this.#watch(file)
    return added.length > 0
  }

  /** @returns the files that are still to come, or to change */
  async #lookFor(key: string): Promise<readonly string[]> {
    const ports = this.#ports
    const awaited = ports.models.find(key)?.awaited ?? []
    const { files, text } = await stateOf(ports, key, awaited)
    // Nothing is read again that has not changed.
    if (this.#seen.get(key) === text) return files
    this.#seen.set(key, text)
    const isOther = await Promise.all(awaited.map((one) => isReplaced(ports, one)))
    const model = ports.models.find(key)
    if (!isOther.includes(true) || !model || model.awaited.length === 0) return files
    this.#seen.delete(key)
    ports.models.arrived(model.request)
    await touchStateFile(ports, key)
    return []
  }
}

/** What decides whether something has arrived, as far as the operating system can tell. */
async function stateOf(
  ports: RunPorts,
  key: string,
  awaited: readonly Awaited[],
): Promise<{ files: string[]; text: string }> {
  const entry = await ifReadable(() => findEntry(ports, key))
  // What is shown is here.
  const lacking = awaited.filter(({ asset }) => !isWhole(asset))
  const refs = entry ? lacking.flatMap(({ request }) => filesWanted(ports, request, entry)) : []
  const files = [...new Set(refs.map(ports.store.blobs.path))]
  const states = await Promise.all(files.map((file) => readFileState(file)))
  const wants = awaited.map(({ request: { wanted, derivation, lods }, asset }) => [
    wanted,
    derivation,
    lods,
    shownOf(asset),
  ])
  return { files, text: JSON.stringify([entry, wants, files, states.map((state) => state?.text)]) }
}

/** Whether an import would be shown something else now, or nothing of what it is shown. */
async function isReplaced(ports: RunPorts, { request, asset }: Awaited): Promise<boolean> {
  // A lockfile in the middle of a merge says nothing yet.
  if (!(await ifReadable(async () => [await findEntry(ports, request.key)]))) return false
  const found = await ifReadable(() => classify(ports, request))
  if (found?.state !== 'ready') return asset.metadata.state === 'ready'
  return shownOf(readyAsset(found, request)) !== shownOf(asset)
}

function isWhole({ metadata, isProvisional }: Asset): boolean {
  return metadata.state === 'ready' && !isProvisional
}

function shownOf({ metadata, files, lods }: Asset): string {
  return JSON.stringify([metadata, files.map(({ role, blob }) => [role, blob?.sha256]), lods])
}

/** Whatever is wrong, whoever loads the module is told. */
async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMeshyError(error)) return undefined
    throw error
  }
}
