import { isMeshyError, MeshyError, formatThrown } from '../system/errors.ts'
import type { DerivedModel } from '../derive/derive-model.ts'
import type { Request } from '../request/request.ts'
import { isSameModel, type DerivedFile, type Entry } from '../store/entry.ts'
import { findEntry, type StoredFinding } from '../finding/classify.ts'
import { bringFile } from '../finding/fetch-ahead.ts'
import type { Context } from './context.ts'
import { partsOf, type Derivation, type Part } from '../finding/derivation.ts'
import { isForSize } from '../finding/steps.ts'
import { formatBytes } from '../system/format.ts'
import { showStored, touchStateFile } from './live/state-file.ts'
import { share } from '../generate/share.ts'
import { withKeyLease } from '../generate/turn.ts'
import { PLUGIN_VERSION } from '../system/version.ts'

/**
 * Derives from a stored model what an import wants, for free, on this machine. The result is stored as a blob and
 * pinned, so that it is done once for a project. Imports that want the same share one flight.
 *
 * @returns the entry, which has it now
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_FAILED, MESHY_DERIVE_CRASHED
 */
export async function derive(
  context: Context,
  request: Request,
  { entry, derivation }: { entry: Entry; derivation: Derivation },
): Promise<Entry> {
  const { clock, models, reporter, signal } = context.ports
  const startedAt = clock.now()
  try {
    const grown = await models.flights.join(`derive ${entry.key} ${derivation.key}`, async () => {
      const made = await deriveInTurn(context, request, { entry, derivation })
      if (isSameModel(made, entry)) await share(context.ports, made)
      return made
    })
    const seconds = (clock.now() - startedAt) / 1000
    reporter.addEffort(request, { origin: 'derived', credits: 0, seconds })
    return grown
  } catch (error) {
    if (signal.aborted) throw error
    models.derivationFailed(request, derivation, error)
    // From then on, everything that shows a live run has the model as it came, even if no module is loaded again.
    if (models.isLive) await showStored(context.ports, request)
    throw error
  }
}

/** A derivation that a live run has to do, from a stored model. */
export interface DerivationTask {
  finding: StoredFinding
  derivation: Derivation
}

/**
 * Derives in the background, while the model is shown as it came; once, however often its module is loaded in the
 * meantime. A failure is not retried by itself, only if a developer asks. Resolves when it is over, and never rejects.
 */
export function deriveInBackground(context: Context, request: Request, task: DerivationTask): Promise<void> {
  const { models } = context.ports
  return models.derivations.join(`${request.key} ${task.derivation.key}`, () =>
    deriveLive(context, request, task),
  )
}

async function deriveLive(
  context: Context,
  request: Request,
  { finding: { entry }, derivation }: DerivationTask,
): Promise<void> {
  const { models, signal, reporter } = context.ports
  models.beginDerivation(request, derivation)
  try {
    await derive(context, request, { entry, derivation })
    await showStored(context.ports, request)
  } catch (error) {
    if (signal.aborted) return
    reporter.logger.error(formatThrown(error))
    tellFailure(context, request, { derivation, error })
  } finally {
    models.end(request)
  }
  // After a failure as well: whoever loads the module is told about it.
  await touchStateFile(context.ports, request.key)
}

/**
 * Reports to everything that shows the run that an import does not get what it wants, and tells people once what
 * happens now.
 */
export function tellFailure(
  { ports: { models, options, reporter } }: Context,
  request: Request,
  { derivation, error }: { derivation: Derivation; error: unknown },
): void {
  models.derivationFailed(request, derivation, error)
  const button = options.inspector ? ', or you press Retry in the inspector' : ''
  reporter.notices.once(
    `${request.imageName}: its model is shown as it came. It is not derived again until its import or the ` +
      `model changes, the server restarts${button}.`,
  )
}

interface Work {
  entry: Entry
  derivation: Derivation
}

async function deriveInTurn(context: Context, request: Request, work: Work): Promise<Entry> {
  context.ports.reporter.progress(request, 'deriving')
  try {
    return await withKeyLease(context.ports, request, () => deriveAlone(context, request, work))
  } catch (error) {
    throw isMeshyError(error) ? named(error, request) : error
  } finally {
    context.ports.reporter.progress(request, 'done')
  }
}

async function deriveAlone(context: Context, request: Request, { entry, derivation }: Work): Promise<Entry> {
  // Another process may have had the lease before.
  let current = (await findEntry(context.ports, entry.key)) ?? entry
  for (const part of partsOf(derivation)) {
    // A pull may have brought another model in the meantime: what is derived from that has other keys.
    if (!isSameModel(current, entry)) return current
    current = await derivePart(context, request, { entry: current, part })
  }
  return current
}

/** One file, and the entry that it belongs to. */
interface PartWork {
  entry: Entry
  part: Part
}

async function derivePart(context: Context, request: Request, { entry, part }: PartWork): Promise<Entry> {
  const { store, options, signal } = context.ports
  const known = entry.derived?.[part.key] ?? (await findOwn(context, entry, part))
  if (known && (await isHere(context, entry, known))) return pin(context, { entry, part, file: known })

  const read = async () => {
    const source = await store.blobs.read(entry.files.glb)
    if (options.transforms.length === 0) return source
    const { transformModel } = await import('../derive/transform-model.ts')
    return transformModel(source, options.transforms)
  }
  const wanted = { plan: part.plan, extras: extrasOf(entry, part) }
  const pool = await context.makers.deriver()
  const model = await pool.derive(read, wanted, { signal })
  for (const note of model.notes) context.ports.reporter.notices.once(`${request.imageName}: ${note}`)
  const file = await keepLighter(context, request, { entry, part, model })
  return record(context, { entry, part, model, file })
}

/** Whether what was derived before is on this machine, or in a store, which then brings it. */
async function isHere({ ports }: Context, entry: Entry, file: DerivedFile): Promise<boolean> {
  const status = await ports.store.blobs.verify(file, ports.signal)
  return status === 'ok' || bringFile(ports, entry, file)
}

/** The derived bytes; or those of the source, if deriving made the model larger and only a smaller one was wanted. */
async function keepLighter(
  { ports: { store, options, reporter, signal } }: Context,
  request: Request,
  { entry, part, model }: PartWork & { model: DerivedModel },
): Promise<DerivedFile> {
  const { steps } = part
  const source = entry.files.glb
  const [before, after] = [formatBytes(source.bytes), formatBytes(model.glb.length)]
  const title = `meshy: ${request.imageName}: ${steps.join(', ')}: ${before} → ${after}`
  if (model.glb.length >= source.bytes && options.transforms.length === 0 && isForSize(part.plan)) {
    reporter.logger.info(`${title}; the result is not smaller, so the model stays as it was`)
    return { ...source, steps, facts: entry.facts }
  }
  reporter.logger.info(title)
  const ref = await store.blobs.write(model.glb, { ext: 'glb', signal })
  return { ...ref, steps, facts: model.facts }
}

/** What this machine derived before, if the lockfile has lost it. */
async function findOwn(
  { ports: { store } }: Context,
  entry: Entry,
  { key }: Part,
): Promise<DerivedFile | undefined> {
  const stored = await store.entries.read(entry.key)
  return stored && isSameModel(stored, entry) ? stored.derived?.[key] : undefined
}

/** Keeps it for this machine and pins it. */
async function record(
  context: Context,
  { entry, part, model, file }: PartWork & { model: DerivedModel; file: DerivedFile },
): Promise<Entry> {
  const { store, clock } = context.ports
  const { key } = part
  const stored = await store.entries.read(entry.key)
  if (stored && isSameModel(stored, entry)) {
    const tools = { 'unplugin-meshy': PLUGIN_VERSION, ...model.tools }
    const origin = { derivedAt: new Date(clock.now()).toISOString(), tools }
    const provenance = { ...stored.provenance, derived: { ...stored.provenance.derived, [key]: origin } }
    await store.entries.write({ ...stored, derived: { ...stored.derived, [key]: file }, provenance })
  }
  return pin(context, { entry, part, file })
}

/** If the pinned bytes are lost, other bytes replace them: it is free, and the diff shows it. */
async function pin(
  { ports: { store, reporter } }: Context,
  { entry, part, file }: PartWork & { file: DerivedFile },
): Promise<Entry> {
  const { key, steps } = part
  const pinned = entry.derived?.[key]
  if (pinned?.sha256 === file.sha256) return entry
  const grown: Entry = { ...entry, derived: { ...entry.derived, [key]: file } }
  if (!store.lockfile) return grown
  if (pinned) {
    reporter.logger.warn(
      `meshy: ${entry.image}: ${steps.join(', ')} gave other bytes than the pinned ones; the new bytes are pinned`,
    )
  }
  return store.lockfile.put(grown, { renew: pinned !== undefined })
}

/** What a file says about itself wherever it ends up. The bytes that came from the service are never changed. */
function extrasOf({ key, source }: Entry, { steps }: Part): Record<string, unknown> {
  const license =
    source === 'meshy'
      ? 'Generated by Meshy: the terms of the plan it was generated with apply (free plan: CC BY 4.0).'
      : undefined
  return { 'unplugin-meshy': { key, steps, ...(license && { license }) } }
}

function named({ code, message, hint, details, cause }: MeshyError, { imageName }: Request): MeshyError {
  return new MeshyError(code, { message: `\`${imageName}\`: ${message}`, hint, details, cause })
}
