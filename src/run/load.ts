import type { Request } from '../request/request.ts'
import { assertStillMade } from '../request/models.ts'
import { notAllowed } from './borders.ts'
import { standInAsset, type Asset } from './asset.ts'
import { classify, filesWanted, type Finding } from '../finding/classify.ts'
import { type Context, type RunPorts, withMode } from './context.ts'
import { failedBefore, isFinal } from '../finding/record-state.ts'
import { formatQuery } from './plan.ts'
import type { Import } from './imports.ts'
import type { LiveTask } from './live/live.ts'
import { decide } from '../finding/modes.ts'
import { lacksPermission, Permission } from '../finding/permission.ts'
import { priceOf } from '../request/price.ts'
import { readImport } from './read-import.ts'
import { reportModel } from './reporting/report.ts'
import { serve } from './serve.ts'
import { checkSize } from './reporting/size-limits.ts'
import { factsOf } from '../finding/derivation.ts'
import type { Entry } from '../store/entry.ts'
import { untilReplaced, withStateFile } from './live/state-file.ts'

/**
 * The asset of an import: import ID → request → key → entry? → (queue → task → download) → asset. Undefined in `plan`,
 * which only lists.
 *
 * @param watch called for each file whose change affects the module, even if an error follows
 * @throws {MeshyError} as listed in docs/errors.md
 */
export async function loadAsset(
  context: Context,
  imported: Import,
  watch: Watch = () => {},
): Promise<Asset | undefined> {
  try {
    return await load(context, imported, watch)
  } catch (error) {
    context.ports.models.refused(imported, error)
    throw error
  }
}

type Watch = (file: string) => void

async function load(context: Context, imported: Import, watch: Watch): Promise<Asset | undefined> {
  const { request, watchFiles } = await readImport(context, imported)
  watchFiles.forEach(watch)
  for (const warning of request.warnings) context.ports.reporter.notices.once(warning, await imported.site())
  for (const name of request.unchecked)
    context.ports.reporter.notices.first(uncheckedNotice(name), await imported.site())
  context.ports.models.imported(imported, request)
  const finding = await classify(context.ports, request)
  if (finding.state === 'missing') assertStillMade(request)
  watchLacking(context.ports, request, finding).forEach(watch)
  const run = afterLoss(context, request, finding)
  const action = decide(run.ports.options.mode, finding.state)
  if (action === 'row') return list(context, request, { imported, finding })
  const todo = { imported, finding, action }
  const found = (await withhold(run, request, todo)) ?? (await act(run, request, todo))
  const asset = await withStateFile(run.ports, found)
  if (asset.stateFile) watch(asset.stateFile.path)
  await checkSize(context.ports, request, { asset, site: imported.site })
  const model = reportModel(context.ports.models.served(request, asset))
  if (model) context.seen.part?.tell({ model })
  return asset
}

/**
 * A model that was shown here has been given up since, or a lockfile without it was checked out: the run asks before it
 * pays for another one.
 */
function afterLoss(context: Context, { key }: Request, { state }: Finding): Context {
  const { models, options } = context.ports
  if (!models.isLive || options.mode !== 'generate' || state !== 'missing') return context
  const { isAsked, asset } = models.find(key) ?? {}
  return isAsked || asset?.metadata.state === 'ready' ? withMode(context, 'ask') : context
}

/** What may bring a pinned model, where nobody waits for it: a live run looks for itself. */
function watchLacking(ports: RunPorts, request: Request, { state, entry, derivation }: Finding): string[] {
  const isThere = state === 'ready' && !derivation
  if (!entry || isThere || ports.models.isLive) return []
  return filesWanted(ports, request, entry).map(ports.store.blobs.path)
}

/** Adds a row to the plan. A build that a command runs continues with a stand-in: it may have further parts. */
async function list(
  context: Context,
  request: Request,
  { imported, finding }: { imported: Import; finding: Finding },
): Promise<Asset | undefined> {
  const row = {
    request,
    query: 'error' in imported.directives ? undefined : formatQuery(imported.directives),
    state: finding.state,
    credits: priceOf(request),
    hint:
      (await lackHint(context, request, finding)) ??
      hintOf(finding) ??
      strangerHint(context, imported, finding),
  }
  context.seen.plan.push({ ...row, imported })
  const { part } = context.seen
  part?.tellRows([{ ...row, site: await imported.site() }])
  const standIn = part?.commanded.standIn
  return standIn && standInAsset(standIn, { state: 'preview', request })
}

async function act(context: Context, request: Request, todo: LiveTask): Promise<Asset> {
  const { finding, action } = todo
  if (action === 'serve' && finding.entry) return serve(context, request, finding)
  if (action === 'fail') {
    const { modelMissing } = await import('../generate/missing.ts')
    throw modelMissing(context.ports, request, finding)
  }
  if (context.ports.models.isLive && action !== 'stand-in') {
    const { liveAsset } = await import('./live/live.ts')
    return liveAsset(context, request, todo)
  }
  if (action === 'stand-in' || action === 'ask') return previewAsset(context, request, finding.entry)
  if (isFinal(finding.record)) throw failedBefore(finding.record)
  const permission = Permission.ofMode(context.ports.options.mode, request.key)
  try {
    const { obtain } = await import('../generate/obtain.ts')
    const found = await obtain(await context.paying(), request, { finding, permission })
    return await serve(context, request, found)
  } catch (error) {
    // What seemed to be on its way is missing, and nobody can be asked.
    if (lacksPermission(error)) return previewAsset(context, request)
    throw error
  }
}

/** What a dependency gets that may not spend: a stand-in in a page, an error in a build. Undefined for all others. */
async function withhold(
  context: Context,
  request: Request,
  { finding, action, imported }: LiveTask,
): Promise<Asset | undefined> {
  const isFree = finding.entry !== undefined || action === 'stand-in'
  const stranger = isFree ? undefined : context.project.borders.strangerOf(imported)
  if (stranger === undefined) return undefined
  const error = notAllowed(request, stranger)
  if (!context.ports.models.isLive) throw error
  context.ports.reporter.notices.once(`${error.message} ${error.hint}`)
  return previewAsset(context, request)
}

function uncheckedNotice(name: string): string {
  return `\`${name}\` is sent as it is, without a check: this version does not know what it does or costs`
}

async function previewAsset(context: Context, request: Request, entry?: Entry): Promise<Asset> {
  const standIn = await context.makers.standIns.make(request)
  const asset = standInAsset(standIn, {
    state: 'preview',
    request,
    facts: factsOf(context.ports, request, entry),
  })
  return untilReplaced(context.ports, { request, asset })
}

/** What a build would refuse to pay or to derive for. */
async function lackHint(
  { ports }: Context,
  request: Request,
  { state, derivation }: Finding,
): Promise<string | undefined> {
  if (state === 'ready' && !derivation) return undefined
  const { findLack } = await import('../generate/needs.ts')
  const lack = await findLack(ports, [request])
  return lack && `${lack.message} ${lack.hint}`
}

function strangerHint(
  { project: { borders } }: Context,
  imported: Import,
  { entry }: Finding,
): string | undefined {
  const stranger = entry ? undefined : borders.strangerOf(imported)
  return stranger && `is requested by the package \`${stranger}\`, which \`allow\` does not name`
}

function hintOf({ free, derivation }: Finding): string | undefined {
  return derivation ? `derives ${derivation.steps.join(', ')}, 0 credits` : free
}
