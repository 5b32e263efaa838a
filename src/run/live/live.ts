import { hasCode, formatThrown, isMeshyError } from '../../system/errors.ts'
import type { Request } from '../../request/request.ts'
import { readyAsset, standInAsset, type Asset } from '../asset.ts'
import { classify, type Finding } from '../../finding/classify.ts'
import type { Context } from '../context.ts'
import { failedBefore, isOfOtherKey } from '../../finding/record-state.ts'
import { factsOf } from '../../finding/derivation.ts'
import type { Action } from '../../finding/modes.ts'
import { isImportRemoved, lacksPermission, Permission } from '../../finding/permission.ts'
import { idOfImport } from '../models/model.ts'
import type { Wanting } from '../models/shared-models.ts'
import { readImport } from '../read-import.ts'
import type { Import } from '../imports.ts'
import { showStored, ensureStateFile, touchStateFile } from './state-file.ts'

/** How long an import must stay unchanged before it is paid for: people save an image several times in a row. */
const QUIET_MS = 1_000

/** What a live run does about a model that is not ready. */
export interface LiveTask {
  imported: Import
  finding: Finding
  action: Action
}

/**
 * The asset of a model that is not ready, in a run that serves or watches: nobody waits. A stand-in is returned at
 * once; when the real model is stored, a state file that the bundler watches is touched, and the module is loaded
 * again.
 */
export async function liveAsset(context: Context, request: Request, task: LiveTask): Promise<Asset> {
  const { key } = request
  const { models } = context.ports
  want(context, task.imported, key)
  const stateFile = await ensureStateFile(context.ports, key)
  const mayBeShared = task.action === 'ask' && (await isOffered(context, key))
  const asked = startOrAsk(context, request, { ...task, mayBeShared })
  const standIn = await context.makers.standIns.make(request)
  const isOver = asked === 'pending' && !models.shared.isUnderWay(key)
  // It arrived, and touched its file, before anybody watched the file.
  const landed = isOver ? await readyNow(context, request) : undefined
  if (landed) return landed
  const state = isOver ? 'preview' : asked
  const failure = state === 'preview' ? failureOf(context, request, task.finding) : undefined
  const facts = factsOf(context.ports, request, task.finding.entry)
  const asset: Asset = { ...standInAsset(standIn, { state, request, facts }), stateFile, failure }
  if (state === 'preview') models.awaitArrival({ request, asset })
  return asset
}

/** Generates a model in the background after all, because the developer approved it. */
export function startLive(
  context: Context,
  request: Request,
  { finding, permission }: { finding: Finding; permission: Permission | undefined },
): void {
  const { models } = context.ports
  models.withdraw(request.key)
  const ready = () => models.shared.findWanting(request.key)
  void makeInBackground(context, request, { finding, permission, ready })
}

/** A model that nobody wants any more because of this import is not asked about either. */
function want(context: Context, imported: Import, key: string): void {
  const { models } = context.ports
  const read = () => readAgain(context, imported)
  const unwanted = models.shared.want(idOfImport(imported), { key, read })
  if (unwanted !== undefined) models.withdraw(unwanted)
}

async function readAgain(context: Context, imported: Import): Promise<Wanting | undefined> {
  if (imported.isImported?.() === false) return undefined
  try {
    return wantingOf(context, (await readImport(context, imported)).request)
  } catch (error) {
    // An image that is gone, or half saved: the next load of its module reports it.
    if (isMeshyError(error)) return undefined
    throw error
  }
}

function wantingOf(context: Context, request: Request): Wanting {
  const { ports } = context
  return {
    request,
    look: () => classify(ports, request),
    make: (finding, permission = Permission.ofMode(ports.options.mode, request.key)) =>
      makeReady(context, request, { finding, permission }),
  }
}

/**
 * Whether a store of the machine or the team may have a model that was not tried yet: a model that was forgotten here,
 * or whose bytes are damaged, is offered again and again. The team store is asked once, in the background.
 */
async function isOffered({ ports }: Context, key: string): Promise<boolean> {
  const { findInMachine } = await import('../../generate/share.ts')
  const found = await findInMachine(ports, key)
  const offers = found ? [`${key} ${found.entry.files.glb.sha256} ${found.entry.task?.id}`] : []
  if (ports.store.shared.team?.keepsEntries) offers.push(`${key} team`)
  return ports.models.shared.takeOffers(offers)
}

function startOrAsk(
  context: Context,
  request: Request,
  { finding, action, mayBeShared }: LiveTask & { mayBeShared: boolean },
): 'pending' | 'preview' {
  const { models, clock, signal, reporter } = context.ports
  if (models.shared.join(request, models)) return 'pending'
  const failure = failureOf(context, request, finding)
  if (isMeshyError(failure) && !models.find(request.key)?.givenUp) {
    models.failed(request, failure)
    reporter.notices.once(`${failure.message} ${failure.hint}`)
  }
  if ((action === 'ask' && !mayBeShared) || failure) {
    // What is pinned is paid for: there is nothing to agree to.
    if (!finding.entry) models.ask(request)
    return 'preview'
  }
  // The first import may be a different one when its turn comes.
  const afterQuiet = () => clock.sleep(QUIET_MS, signal).then(() => models.shared.findWanting(request.key))
  const ready = action === 'submit' ? afterQuiet : async () => wantingOf(context, request)
  void makeInBackground(context, request, { finding, permission: undefined, ready })
  return 'pending'
}

/** Why a model failed in this run, or in an earlier one; undefined if it did not. */
function failureOf({ ports }: Context, { key }: Request, { record }: Finding): unknown {
  const model = ports.models.find(key)
  if (model?.givenUp) return model.error
  if (record?.state !== 'failed' || isOfOtherKey(ports, record)) return undefined
  return failedBefore(record)
}

interface LiveWork {
  finding: Finding
  /** A developer's approval; without one, the mode of the run that wants the model decides. */
  permission: Permission | undefined
  /** Who still wants the model when its turn comes. */
  ready(): Promise<Wanting | undefined>
}

async function makeInBackground(
  context: Context,
  request: Request,
  { finding, permission, ready }: LiveWork,
): Promise<void> {
  const { models, signal } = context.ports
  if (!models.shared.start(request, models)) return
  try {
    const wanting = await ready()
    if (!wanting) return
    await wanting.make(finding, permission)
  } catch (cause) {
    if (signal.aborted || isOutdated(cause)) return
    if (isImportRemoved(cause)) context.ports.reporter.logger.info(`meshy: ${cause.message}`)
    else if (lacksPermission(cause)) await askAfterAll(context, request)
    else fail(context, request, cause)
  } finally {
    models.shared.finish(request)
  }
  // After a failure as well: nothing is on its way any more, and the module says so. An import that came back at the
  // last moment starts again.
  await touchStateFile(context.ports, request.key)
}

function fail({ ports: { models, reporter } }: Context, request: Request, cause: unknown): void {
  const error = isMeshyError(cause) ? cause.at({ file: request.imageName }) : cause
  models.failed(request, error, { isGivenUp: true })
  reporter.logger.error(formatThrown(error))
}

/** What seemed to be on its way is missing: nobody has approved paying for it yet. */
async function askAfterAll({ ports }: Context, request: Request): Promise<void> {
  const finding = await classify(ports, request)
  if (!finding.entry) ports.models.ask(request)
}

/** The image was saved again at the last moment: its module is loaded again with another key. */
function isOutdated(error: unknown): boolean {
  return hasCode(error, 'MESHY_IMAGE_CHANGED')
}

async function makeReady(
  context: Context,
  request: Request,
  wanted: Pick<LiveWork, 'finding' | 'permission'>,
): Promise<void> {
  const { ports } = context
  const { obtain } = await import('../../generate/obtain.ts')
  const { entry, derivation } = await obtain(await context.paying(), request, wanted)
  if (derivation) {
    const { derive } = await import('../derive.ts')
    await derive(context, request, { entry, derivation })
  }
  ports.reporter.logger.info(`meshy: ${request.imageName} is ready (${entry.facts.triangles} triangles)`)
  await showStored(ports, request)
}

async function readyNow({ ports }: Context, request: Request): Promise<Asset | undefined> {
  const finding = await classify(ports, request)
  return finding.state === 'ready' ? readyAsset(finding, request) : undefined
}
