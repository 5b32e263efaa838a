import path from 'node:path'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import type { Asset } from '../run/asset.ts'
import type { Context } from '../run/context.ts'
import { isMeshySpecifier } from '../request/parse.ts'
import { recallImport, rememberImport, type Import } from '../run/imports.ts'
import { finishSharing } from '../store/shared/shared-stores.ts'
import { loadAsset } from '../run/load.ts'
import type { Problems } from '../run/reporting/problems.ts'
import { arrangePlan, formatPlan, takePlan } from '../run/plan.ts'
import { tellExpiring, summarize, takeUntold } from '../run/reporting/report.ts'
import type { Adapter, Loaded, NativeContext } from './adapter.ts'
import { renderFailedModule, renderModule } from './module.ts'
import { fromModuleId } from './module-id.ts'
import { toBundlerError, findSite } from './bundler-error.ts'
import { packageNameOf, pathOf, resolveImage } from './resolve.ts'
import type { Session } from './session.ts'

/** An import as the bundler shows it. */
interface Shown {
  native: NativeContext
  source: string
  importer: string | undefined
}

/** The module ID of an import of ours, as the bundler sees it; undefined for all others. */
export async function resolveImport(session: Session, shown: Shown): Promise<string | undefined> {
  const { adapter } = session
  const { native, importer } = shown
  const specifier = await specifierOf(adapter, shown)
  if (specifier === undefined) return undefined
  const context = await session.context()
  const { root, publicDir } = session.bundler
  const place = { importer, root, publicDir }
  const file = await resolveImage(adapter.resolver(native), pathOf(specifier), place)
  // A request from a visitor of a server is not an import: it is ours only if a module has shown the same one.
  if (adapter.isFromOutside?.(importer)) {
    const known = context.project.imports.findId(specifier, file)
    return known === undefined ? undefined : adapter.moduleIds.toBundler(known)
  }
  refuseCutPath(adapter, file, root)
  session.countImport()
  const site = () => findSite(root, importer, specifier)
  const packageName = packageNameOf(pathOf(specifier))
  const id = context.project.imports.add(specifier, { file, site, importer, packageName })
  const isPlan = context.seen.part?.commanded.mode === 'plan'
  if (adapter.remembersIds && !isPlan) {
    native.addWatchFile(await rememberImport(context.ports.store, id, specifier))
  }
  return adapter.moduleIds.toBundler(id)
}

/** What an import of ours asks for; undefined for all others. */
async function specifierOf(
  adapter: Adapter,
  { native, source, importer }: Shown,
): Promise<string | undefined> {
  const specifier = fromModuleId(source)
  if (!isMeshySpecifier(source) || adapter.isPicture?.(specifier, importer)) return undefined
  return adapter.asMeant?.(native, specifier, importer) ?? specifier
}

/** A bundler that would cut a path at its `#` would look for something else. */
function refuseCutPath({ cutsPath }: Adapter, file: string, root: string): void {
  const cut = cutsPath?.(file)
  if (!cut?.includes('#')) return
  throw toBundlerError(
    new MeshyError('MESHY_PATH_UNSUPPORTED', {
      message: `\`${cut}\` contains a \`#\`, which this bundler treats as the end of the path; expected a path without one.`,
      hint: 'Rename the file or folder that has a `#` in its name.',
      details: { path: cut },
    }),
    root,
  )
}

/**
 * The code of a model's module. In a build that ends, a failure is kept for the end, where all failures are reported; a
 * live run reports it at once.
 */
export async function loadModule(
  session: Session,
  { native, id }: { native: NativeContext; id: string },
): Promise<Loaded> {
  const { adapter, problems } = session
  const context = await session.context()
  const moduleId = adapter.moduleIds.fromBundler(id)
  const imported =
    context.project.imports.find(moduleId) ?? (await recall(context, adapter, { native, moduleId }))
  if (!imported) throw unknownImport(moduleId, session.bundler.root)
  try {
    const asset = await loadAsset(
      context,
      { ...imported, isImported: () => adapter.isImported?.(id) ?? true },
      (file) => native.addWatchFile(file),
    )
    if (asset?.metadata.state === 'preview') warnOfMissingKey(session, context)
    if (!asset) return { id, code: renderFailedModule(), asset, context }
    void forgetWhenImproved(adapter, asset, id)
    const code = await renderModule(asset, adapter.urlOf(native, moduleId))
    return { id, code, asset, context }
  } catch (error) {
    const watch = adapter.watchFile ?? ((one, file) => one.addWatchFile(file))
    for (const file of mendingFiles(context, imported, error)) watch(native, file)
    await noteFailure(session, { native, moduleId, imported, problems, error })
    return { id, code: renderFailedModule(), asset: undefined, context }
  }
}

/**
 * Files whose change may fix a failure, which need not exist: the imported one, the image or recipe that the error is
 * about, and the lockfile if it is damaged or lacks a model.
 */
function mendingFiles({ ports: { options } }: Context, imported: Import, error: unknown): string[] {
  if (!isMeshyError(error)) return [imported.file]
  const { code, details } = error
  const file = /^MESHY_(?:IMAGE_|RECIPE_|FILE_OUTSIDE$)/.test(code) && details['file']
  const lockfile = /^MESHY_(?:LOCKFILE_|MODEL_MISSING$)/.test(code) && options.lockfile
  const files = [imported.file, file, lockfile].filter((one) => typeof one === 'string')
  return [...new Set(files)]
}

/** A module that could not be loaded, and the problems of its build. */
interface Failure {
  native: NativeContext
  moduleId: string
  imported: Import
  problems: Problems
  error: unknown
}

/** Keeps a failure for the end of the build. @throws it if it is reported at once */
async function noteFailure(
  { bundler: { live, root }, adapter: { tellsAtOnce, tell } }: Session,
  { native, moduleId, imported, problems, error }: Failure,
): Promise<void> {
  const image = path.basename(imported.file)
  const told = isMeshyError(error) && !error.site ? error.at({ ...(await imported.site()), image }) : error
  if (!live && !tellsAtOnce) return problems.add(moduleId, told)
  if (!live) problems.noteTold(moduleId)
  if (!tell) throw toBundlerError(told, root)
  tell(native, toBundlerError(told, root))
}

/** An import that only an earlier run has seen, for a bundler that keeps module IDs across runs. */
async function recall(
  { ports, project }: Context,
  adapter: Adapter,
  { native, moduleId }: { native: NativeContext; moduleId: string },
): Promise<Import | undefined> {
  if (!adapter.remembersIds) return undefined
  const importer = adapter.importerOf?.(native)
  return recallImport(ports.store, project.imports, { id: moduleId, importer })
}

/** A better stand-in is available on the next load of the page. */
async function forgetWhenImproved(adapter: Adapter, { improved }: Asset, id: string): Promise<void> {
  if (await improved) adapter.forget?.(id)
}

/** Shown once, and only if the missing key is the reason for the stand-in. */
function warnOfMissingKey({ bundler }: Session, { ports: { options, reporter } }: Context): void {
  const isByDefault = options.mode === 'preview' && !options.isModeChosen
  if (!isByDefault || !bundler.live || bundler.underTest || options.apiKey !== undefined) return
  const { misnamedKey } = options
  const remedy = misnamedKey ? `name \`${misnamedKey}\` MESHY_API_KEY` : 'set MESHY_API_KEY'
  reporter.notices.once(`there is no API key, so models are stand-ins: ${remedy} to generate them`)
}

/**
 * Ends a build: reports all of its failures, or the plan that it was run for.
 *
 * @param told.isTold whether the bundler knows an error of its own
 */
export async function finishBuild(session: Session, { isTold }: { isTold: boolean }): Promise<void> {
  // Another build may begin before this one has ended.
  const { bundler, problems } = session
  session.leave()
  // A run with invalid options has said so at its start.
  if (!session.isOpen) return
  const context = await session.context()
  const { options, store } = context.ports
  const { part } = context.seen
  if (options.mode === 'plan') part?.tellRows(await takePlan(context.seen))
  await context.project.declared?.write()
  if (options.mode !== 'plan') await store.outputs.notes.save()
  await finishSharing(context.ports)
  const problem = problems.take({ isTold })
  if (problem !== undefined) throw toBundlerError(problem, bundler.root)
  // The surrounding run reports everything about its models, or the command that runs it does.
  if (session.parent || part) return
  if (!bundler.live) {
    tellSum(context)
    await tellExpiring(context.ports, context.ports.models)
  }
  if (options.mode === 'plan' && !session.listsOnly) await endPlan(bundler.root, context)
}

function tellSum({ ports: { models: table, reporter } }: Context): void {
  const models = takeUntold(table)
  const summary = summarize(models)
  const hasStandIns = models.some(({ origin }) => origin === 'stand-in')
  if (summary) reporter.logger[hasStandIns ? 'warn' : 'info'](`meshy: ${summary}`)
}

/** Nothing is written after it. */
async function endPlan(root: string, { seen, ports }: Context): Promise<void> {
  const rows = arrangePlan(await takePlan(seen))
  if (rows.length === 0) return
  ports.reporter.logger.info(formatPlan(rows))
  throw planOnly('The build ends here', root)
}

export function planOnly(what: string, root: string): unknown {
  return toBundlerError(
    new MeshyError('MESHY_PLAN_ONLY', {
      message: `${what}: in mode \`plan\`, a build writes and sends nothing.`,
      hint: 'To build, unset MESHY_MODE or the option `mode`.',
    }),
    root,
  )
}

function unknownImport(id: string, root: string): unknown {
  return toBundlerError(
    new MeshyError('MESHY_IMPORT_UNKNOWN', {
      message: `\`${pathOf(id)}\` was requested with directives that this run has not seen in an import.`,
      hint: 'Import it in a module. If a module already does, reload the page, or delete the cache of the bundler, which is from an earlier run.',
    }),
    root,
  )
}
