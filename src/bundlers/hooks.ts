import { isMeshyError, MeshyError } from '../errors.ts'
import { isOurs } from '../pipeline/imports.ts'
import { loadAsset } from '../pipeline/load.ts'
import { formatPlan } from '../pipeline/plan.ts'
import type { PluginApi } from '../pipeline/plugin-api.ts'
import { summarize } from '../pipeline/report.ts'
import { renderFailedModule, renderModule, type UrlOf } from './module.ts'
import { fromModuleId, toModuleId } from './module-id.ts'
import { presentable } from './present.ts'
import { resolveImage, stripQuery, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { findSite } from './site.ts'

/** The canonical id of an import of ours; undefined for all others. */
export async function resolveImport(
  session: Session,
  native: ResolvingContext,
  { source, importer }: { source: string; importer: string | undefined },
): Promise<string | undefined> {
  if (!isOurs(source)) return undefined
  const { imports } = await session.context()
  const { root, publicDir } = session.bundler
  const specifier = fromModuleId(source)
  session.prompts.add(specifier)
  const file = await resolveImage(native, stripQuery(specifier), { importer, root, publicDir })
  return toModuleId(imports.add(specifier, { file, site: () => findSite(root, importer, specifier) }))
}

/** The part of a bundler's context that watches files. */
interface WatchingContext {
  addWatchFile(file: string): void
}

/**
 * The code of a model's module. In a build that ends, a failure is kept for its end, where all of them are told; a
 * live one tells it at once.
 */
export async function loadModule(
  session: Session,
  native: WatchingContext,
  { id, urlOf }: { id: string; urlOf: UrlOf },
): Promise<string> {
  const context = await session.context()
  const imported = context.imports.find(fromModuleId(id))
  if (!imported) throw unknownImport(id, session.bundler.root)
  try {
    const asset = await loadAsset(context, imported)
    if (!asset) return renderFailedModule()
    for (const file of asset.watchFiles) native.addWatchFile(file)
    return await renderModule(asset, urlOf)
  } catch (error) {
    native.addWatchFile(imported.file)
    const told = isMeshyError(error) && !error.site ? error.at(await imported.site()) : error
    if (session.bundler.live) throw presentable(told, session.bundler.root)
    session.problems.add(id, told)
    return renderFailedModule()
  }
}

/** Ends a build: tells every failure of it, or the plan that it was run for. */
export async function finishBuild(session: Session, api: PluginApi): Promise<void> {
  const problem = session.problems.take()
  if (problem !== undefined) throw presentable(problem, session.bundler.root)
  const { logger, options, report } = await session.context()
  const summary = session.bundler.live ? undefined : summarize(report.models())
  const hasStandIns = report.models().some(({ origin }) => origin === 'stand-in')
  if (summary) logger[hasStandIns ? 'warn' : 'info'](`meshy: ${summary}`)
  if (options.mode !== 'plan' || session.listOnly) return
  const rows = await api.takePlan()
  if (rows.length === 0) return
  logger.info(formatPlan(rows))
  throw presentable(
    new MeshyError('MESHY_PLAN_ONLY', {
      message: 'The build ends here: its mode is `plan`, which writes and sends nothing.',
      hint: 'Unset MESHY_MODE, or the option `mode`, to build.',
    }),
    session.bundler.root,
  )
}

function unknownImport(id: string, root: string): unknown {
  return presentable(
    new MeshyError('MESHY_IMPORT_UNKNOWN', {
      message: `\`${stripQuery(id)}\` was asked for with directives that this run has not seen in an import.`,
      hint: 'Reload the page: it is of an earlier run of the server.',
    }),
    root,
  )
}
