import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hasCode, isMeshyError, MeshyError } from '../system/errors.ts'
import type { Asset } from '../run/asset.ts'
import { type Context, withMode } from '../run/context.ts'
import type { Import } from '../run/imports.ts'
import { loadAsset } from '../run/load.ts'
import type { Mode } from '../finding/modes.ts'
import { consoleLogger } from '../system/logger.ts'
import { openProject } from '../run/open-project.ts'
import { findProject } from '../run/project.ts'
import { renderFailedModule, renderModule } from './module.ts'
import { toBundlerError } from './bundler-error.ts'
import { toPosix } from './resolve.ts'
import { turbopackUrl } from './url.ts'
import { findWorkerScript } from '../system/worker-pool.ts'

/** The context that Turbopack passes to a webpack-style loader, as far as we use it. */
export interface LoaderContext {
  /** Absolute path of the image. */
  resourcePath: string
  /** `?meshy&pbr` */
  resourceQuery: string
  rootContext: string
  /** `development` in `next dev`. */
  mode?: string | undefined
  addDependency(file: string): void
  async(): (error: unknown, code?: string) => void
}

/** The loader of {@link meshyRules}: gives the module of the model that an import names. */
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
 * The module of a model, for a bundler that shows one import at a time and no graph. Nothing is generated here, because
 * no batch could be announced: a missing model is an error in a build, and a stand-in in `next dev` and in `preview`.
 */
async function loadByItself(loader: LoaderContext): Promise<string> {
  const { resourcePath, resourceQuery, rootContext: root } = loader
  const envMode = process.env['NODE_ENV'] ?? 'production'
  const context = await openProject({ root, envDir: root, envMode, logger: consoleLogger })
  const file = toPosix(resourcePath)
  // It does not say who imports.
  const site = async () => ({ file: nameOf(loader) })
  const imported = context.project.imports.find(
    context.project.imports.add(file + resourceQuery, { file, site }),
  )
  if (!imported) return renderFailedModule()
  const { lockfile } = context.ports.options
  const { configFile } = findProject(root)
  for (const dependency of [lockfile, configFile]) if (dependency) loader.addDependency(dependency)
  return renderImport(context, imported, loader)
}

async function renderImport(context: Context, imported: Import, loader: LoaderContext): Promise<string> {
  try {
    const asset = await loadOrShow(context, imported, loader)
    if (!asset) return renderFailedModule()
    return await renderModule(asset, turbopackUrl(path.dirname(loader.resourcePath)))
  } catch (error) {
    throw toBundlerError(orGenerate(error, loader), loader.rootContext)
  }
}

/**
 * Nobody waits in a dev server, nor for a page: a model that is missing, or whose bytes are, has a stand-in there, until
 * the lockfile or the blobs change.
 */
async function loadOrShow(
  context: Context,
  imported: Import,
  loader: LoaderContext,
): Promise<Asset | undefined> {
  const { mode } = context.ports.options
  const load = (as: Mode) => loadAsset(withMode(context, as), imported, (file) => loader.addDependency(file))
  if (mode === 'preview' || (mode === 'plan' && context.seen.part)) return load(mode)
  try {
    return await load('frozen')
  } catch (error) {
    if (mode === 'frozen' || loader.mode !== 'development' || !isMeshyError(error)) throw error
    // What is wrong with the import itself is an error there as well.
    const asset = await load('preview')
    context.ports.reporter.notices.once(`\`${nameOf(loader)}\` is not shown as in a build: ${wayOut(error)}`)
    return asset
  }
}

function wayOut(error: MeshyError): string {
  const { code, message, hint } = error
  return code === 'MESHY_MODEL_MISSING'
    ? 'run `npx unplugin-meshy generate` to get the model'
    : `${message} ${hint}`
}

/** Says how to get a model that this bundler could not request. */
function orGenerate(error: unknown, loader: LoaderContext): unknown {
  if (!isMissing(error)) return error
  return new MeshyError(error.code, {
    message: `\`${nameOf(loader)}\` is not in the lockfile. Other models may be missing too: Turbopack does not show plugins the whole build.`,
    hint: 'Run `npx unplugin-meshy generate`, which generates and pins the models that the sources import.',
    details: error.details,
  })
}

function isMissing(error: unknown): error is MeshyError {
  return hasCode(error, 'MESHY_MODEL_MISSING')
}

function nameOf({ resourceQuery, rootContext, resourcePath }: LoaderContext): string {
  return toPosix(path.relative(rootContext, resourcePath)) + resourceQuery
}

/**
 * The rules for `turbopack.rules` in `next.config`: imports with `?meshy` go to the loader, and no others. In a build,
 * their files exist when this function returns.
 */
export function meshyRules(): Record<string, object> {
  layOutAhead()
  const condition = { query: /[?&]meshy(?:[=&]|$)/ }
  const rule = { condition, loaders: ['unplugin-meshy/turbopack'], as: '*.js' }
  const pictures = ['png', 'jpg', 'jpeg'].flatMap(spellings)
  return Object.fromEntries([...pictures, 'meshy.json'].map((ending) => [`*.${ending}`, rule]))
}

/** A word in every combination of upper and lower case: these patterns cannot ignore case, and cameras write `.JPG`. */
function spellings(word: string): string[] {
  return [...word].reduce<string[]>(
    (begun, letter) => begun.flatMap((start) => [start + letter, start + letter.toUpperCase()]),
    [''],
  )
}

/**
 * Set in the environment of the process once it was done: each worker of `next build` reads the config again, and what
 * it inherits is its only link to the process that started it.
 */
const DONE_VARIABLE = 'MESHY_LAID_OUT'
const NEXT_CONFIGS = ['js', 'mjs', 'ts'].map((ext) => `next.config.${ext}`)

/**
 * Writes the files of pinned models before `next build` looks at a folder. Turbopack lists each folder only once, as
 * soon as anybody asks (Tailwind CSS asks for all of them), so files that loaders write there later would not exist for
 * it. Runs in a separate process, because the caller does not wait for anything asynchronous.
 */
export function layOutAhead(): void {
  const { argv, env } = process
  const at = argv.indexOf('build')
  if (at < 0) return
  const root = [...argv.slice(at + 1), '.'].map((name) => path.resolve(name)).find(isNext)
  const script = findWorkerScript('cli/ahead')
  if (!root || !script || env[DONE_VARIABLE] === root) return
  env[DONE_VARIABLE] = root
  const args = [...script.execArgv, fileURLToPath(script.url)]
  // What fails here fails again where its loader can tell which import it is.
  spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, NODE_ENV: 'production' },
  })
}

/** Whether a folder is a Next.js project, whose build shows its graph to no plugin. */
export function isNext(folder: string): boolean {
  return NEXT_CONFIGS.some((name) => existsSync(path.join(folder, name)))
}
