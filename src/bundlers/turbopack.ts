import path from 'node:path'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import type { Import } from '../run/imports.ts'
import { loadAsset } from '../run/load.ts'
import { consoleLogger } from '../run/reporting/logger.ts'
import { openProject } from '../run/open-project.ts'
import { findProject } from '../run/project.ts'
import { renderFailedModule, renderModule } from './module.ts'
import { presentable } from './present.ts'
import { toPosix } from './resolve.ts'
import { turbopackUrl } from './url.ts'

/** What Turbopack gives a loader of webpack's kind, as far as we use it. */
export interface LoaderContext {
  /** Absolute path of the picture. */
  resourcePath: string
  /** `?meshy&pbr` */
  resourceQuery: string
  rootContext: string
  addDependency(file: string): void
  async(): (error: unknown, code?: string) => void
}

/** {@link loadByItself} in the way of a loader. */
export function runLoader(this: LoaderContext): void {
  // oxlint-disable-next-line no-this-in-exported-function -- loaders get their context as `this`
  void answer(this)
}

async function answer(loader: LoaderContext): Promise<void> {
  const done = loader.async()
  try {
    done(null, await loadByItself(loader))
  } catch (error) {
    done(error)
  }
}

/**
 * The module of a model, for a bundler that shows one import at a time and no graph. Nothing is generated here, since no
 * batch could be announced: what is missing is an error, or a stand-in in `preview`.
 */
export async function loadByItself(loader: LoaderContext): Promise<string> {
  const { resourcePath, resourceQuery, rootContext: root } = loader
  const context = await openFrozen(root)
  const file = toPosix(resourcePath)
  // It does not tell who imports.
  const site = async () => ({ file: toPosix(path.relative(root, resourcePath)) + resourceQuery })
  const imported = context.imports.find(context.imports.add(file + resourceQuery, { file, site }))
  if (!imported) return renderFailedModule()
  const { lockfile } = context.options
  const { configFile } = findProject(root)
  for (const dependency of [lockfile, configFile]) if (dependency) loader.addDependency(dependency)
  return renderImport(context, imported, loader)
}

async function renderImport(context: Context, imported: Import, loader: LoaderContext): Promise<string> {
  try {
    const asset = await loadAsset(context, imported, (file) => loader.addDependency(file))
    if (!asset) return renderFailedModule()
    return await renderModule(asset, turbopackUrl(path.dirname(loader.resourcePath)))
  } catch (error) {
    throw presentable(orGenerate(error, loader), loader.rootContext)
  }
}

async function openFrozen(root: string): Promise<Context> {
  const envMode = process.env['NODE_ENV'] ?? 'production'
  const run = { root, envDir: root, envMode, live: false, underTest: false, logger: consoleLogger }
  const context = await openProject(run, { inline: {}, activity: () => 0 })
  const { options, part } = context
  const isOffline = options.mode === 'preview' || (options.mode === 'plan' && part !== undefined)
  const mode = isOffline ? options.mode : 'frozen'
  return { ...context, options: { ...options, mode } }
}

/** Says how to get a model that this bundler could not ask for. */
function orGenerate(error: unknown, { resourceQuery, rootContext, resourcePath }: LoaderContext): unknown {
  if (!isMeshyError(error) || error.code !== 'MESHY_MODEL_MISSING') return error
  const image = toPosix(path.relative(rootContext, resourcePath)) + resourceQuery
  return new MeshyError(error.code, {
    message: `\`${image}\` is not in the lockfile, and Turbopack shows no plugin what else is missing.`,
    hint: 'Run `npx unplugin-meshy generate`, which generates and pins what the sources import.',
    details: error.details,
  })
}

/** The rules for `turbopack.rules` in `next.config`: imports with `?meshy` go to the loader, and no others. */
export function meshyRules(): Record<string, object> {
  const condition = { query: /[?&]meshy(?:[=&]|$)/ }
  const rule = { condition, loaders: ['unplugin-meshy/turbopack'], as: '*.js' }
  const pictures = ['png', 'jpg', 'jpeg'].flatMap(spellings)
  return Object.fromEntries([...pictures, 'meshy.json'].map((ending) => [`*.${ending}`, rule]))
}

/** A word in every mixture of cases: these patterns know none that ignores them, and cameras write `.JPG`. */
function spellings(word: string): string[] {
  return [...word].reduce<string[]>(
    (begun, letter) => begun.flatMap((start) => [start + letter, start + letter.toUpperCase()]),
    [''],
  )
}
