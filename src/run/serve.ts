import { MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import { readyAsset, type Asset } from './asset.ts'
import { classify, type StoredFinding, isComplete } from '../finding/classify.ts'
import type { Context } from './context.ts'
import { isSameModel } from '../store/entry.ts'
import { findPinned, partsOf } from '../finding/derivation.ts'
import { bringFile } from '../finding/fetch-ahead.ts'
import type { DerivationTask } from './derive.ts'
import { ensureStateFile, untilReplaced } from './live/state-file.ts'

/** How long a live page waits for a derivation: longer is not needed for what this machine already has. */
const PATIENCE_MS = 50

/**
 * The asset of a stored model, with what the import wants to be derived from it.
 *
 * @throws {MeshyError} MESHY_MODEL_MISSING in `frozen` for what is not derived yet; what `derive` throws
 */
export async function serve(context: Context, request: Request, found: StoredFinding): Promise<Asset> {
  const finding = await completed(context, request, found)
  const { entry, derivation } = finding
  if (!derivation) return readyAsset(finding, request)
  const { mode } = context.ports.options
  if (mode === 'frozen') return serveAsPinned(context, request, { finding, derivation })
  if (mode === 'preview') {
    context.ports.reporter.notices.once(
      `${request.imageName}: ${derivation.steps.join(', ')} is skipped: nothing is derived in \`preview\``,
    )
    return serveUntilDerived(context, request, finding)
  }
  if (context.ports.models.isLive) return serveMeanwhile(context, request, { finding, derivation })
  const { derive } = await import('./derive.ts')
  await derive(context, request, { entry, derivation })
  const now = await classify(context.ports, request)
  if (!now.entry || isSameModel(now.entry, entry)) return readyAsset({ ...now, entry }, request)
  // A pull may have brought another model in the meantime.
  return serve(context, request, now)
}

async function completed({ ports }: Context, request: Request, found: StoredFinding): Promise<StoredFinding> {
  if (await isComplete(ports, found.entry)) return found
  const { complete } = await import('../generate/complete.ts')
  return complete(ports, request, found)
}

/** Nothing is derived in `frozen`: what is pinned and not here may still be in a store. */
async function serveAsPinned(
  context: Context,
  request: Request,
  { finding, derivation }: DerivationTask,
): Promise<Asset> {
  const { ports } = context
  const { entry } = finding
  const pinned = partsOf(derivation).flatMap((part) => findPinned(ports, entry, part) ?? [])
  await Promise.all(pinned.map((file) => bringFile(ports, entry, file)))
  const again = await classify(ports, request)
  if (again.derivation) throw await derivationMissing(context, request, { finding, derivation })
  return readyAsset({ ...again, entry }, request)
}

/** Nothing is derived here; where somebody watches, someone else may do it. */
async function serveUntilDerived(context: Context, request: Request, finding: StoredFinding): Promise<Asset> {
  const asset: Asset = { ...readyAsset(finding, request), isProvisional: true }
  return untilReplaced(context.ports, { request, asset })
}

/** Nobody waits in a live run: the model is shown as it came until the derivation is ready. */
async function serveMeanwhile(context: Context, request: Request, task: DerivationTask): Promise<Asset> {
  const { deriveInBackground, tellFailure } = await import('./derive.ts')
  const { clock, models } = context.ports
  const { derivation } = task
  const stateFile = await ensureStateFile(context.ports, request.key)
  const earlier = models.derivationError(request, derivation)
  if (earlier !== undefined) tellFailure(context, request, { derivation, error: earlier })
  else {
    const over = deriveInBackground(context, request, task).then(() => 'over' as const)
    // It touches the file before anybody watches it.
    if ((await Promise.race([over, clock.sleep(PATIENCE_MS)])) === 'over') {
      const finding = await classify(context.ports, request)
      if (finding.entry && !finding.derivation) return readyAsset(finding, request)
    }
  }
  const failure = models.derivationError(request, derivation)
  const asset: Asset = { ...readyAsset(task.finding, request), stateFile, isProvisional: true, failure }
  if (failure !== undefined) models.awaitArrival({ request, asset })
  return asset
}

async function derivationMissing(
  context: Context,
  { imageName }: Request,
  { finding: { entry }, derivation }: DerivationTask,
): Promise<MeshyError> {
  const { buildElsewhere } = await import('../generate/missing.ts')
  const { key, steps } = derivation
  const isPinning = context.ports.options.lockfile !== false
  const story = partsOf(derivation).every((part) => entry.derived?.[part.key])
    ? `is ${isPinning ? 'pinned' : 'known'}, but its bytes are missing or damaged`
    : `is not ${isPinning ? 'in the lockfile' : 'stored here'}`
  return new MeshyError('MESHY_MODEL_MISSING', {
    message:
      `\`${imageName}\` is stored, but \`${steps.join(', ')}\` of it ${story}; deriving it costs 0 credits. ` +
      'This run is `frozen`, so nothing was derived.',
    hint: buildElsewhere(context.ports),
    details: { key: entry.key, credits: 0, derivation: key, steps },
  })
}
