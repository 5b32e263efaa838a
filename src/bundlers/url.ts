import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginContext } from 'rollup'
import type { ResolvedConfig } from 'vite'
import type { Compiler, LoaderContext } from 'webpack'
import { fileNameOf } from '../run/asset.ts'
import { isBelow } from '../run/project.ts'
import type { UrlOf } from './module.ts'
import { toPosix } from './resolve.ts'

/**
 * Vite emits and serves the file itself: the only form that is right in dev, build, SSR, workers and libraries, with
 * every base. `no-inline` keeps small models out of the code; an unbundled dev server never inlines.
 */
export function viteUrl(bundled: boolean): UrlOf {
  const query = bundled ? '?url&no-inline' : '?url'
  return async (file, index) => importedUrl(toPosix(file.path) + query, index)
}

/**
 * An unbundled dev server of Vite: files below its root are served at their path, so that a page need not fetch a
 * module for each URL before its first paint. Everything else is left to Vite, which allows a file to be read by
 * whoever gets its URL from a module.
 */
export function viteServedUrl({ root, base, server: { origin = '', fs } }: ResolvedConfig): UrlOf {
  const importing = viteUrl(false)
  const isAllowed = (file: string) => fs.strict === false || fs.allow.some((folder) => isBelow(folder, file))
  return async (file, index) => {
    const absolute = toPosix(file.path)
    // Vite decodes paths with `decodeURI`, which keeps these two.
    const isPlain = isBelow(root, absolute) && !/[?#]/.test(absolute.slice(root.length))
    if (!isPlain || !isAllowed(absolute)) return importing(file, index)
    const served = path.posix.relative(root, absolute)
    return { imports: '', expression: JSON.stringify(origin.replace(/\/$/, '') + base + encodeURI(served)) }
  }
}

/** What lets a page have files that only server code refers to: since Vite 8.4, each environment has a list of its own. */
interface Client {
  addSafeModule?: (file: string) => void
}

/** A dev server of Vite: whoever runs the code of a module, a page fetches the files that it shows. */
export function viteShownUrl(urlOf: UrlOf, environment: object | undefined): UrlOf {
  const client: Client | undefined = environment
  return (file, index) => {
    client?.addSafeModule?.(toPosix(file.path))
    return urlOf(file, index)
  }
}

/** Rollup and Rolldown: an emitted asset, and the reference that they replace with its URL. */
export function rollupUrl(context: Pick<PluginContext, 'emitFile'>, originalFileName: string): UrlOf {
  return async (file) => {
    const source = await readFile(file.path)
    const reference = context.emitFile({ type: 'asset', name: fileNameOf(file), source, originalFileName })
    return { imports: '', expression: `import.meta.ROLLUP_FILE_URL_${reference}` }
  }
}

/**
 * webpack, Rspack, Rsbuild: a file that belongs to the module, and is therefore present again if the module comes from
 * their cache. No user rule applies to it.
 */
export function webpackUrl(
  loader: Pick<LoaderContext<unknown>, 'emitFile'>,
  sourceFilename: string,
  options: Compiler['options'],
): UrlOf {
  const places = placesOf(options)
  return async (file) => {
    const source = await readFile(file.path)
    const name = places.folder + hashedName(fileNameOf(file), source)
    loader.emitFile(places.toPublic + name, source, undefined, { immutable: true, sourceFilename })
    return { imports: '', expression: `__webpack_public_path__ + ${JSON.stringify(name)}` }
  }
}

/** Where files of models go in a build. */
interface Places {
  /** From the output folder of this compiler to the folder that `publicPath` stands for. */
  toPublic: string
  /** The folder of files below {@link toPublic}. */
  folder: string
}

/**
 * Next.js compiles a project two or three times into one folder, and its server only serves `static` of that folder:
 * code for the server has to put files where the client's are, as Next's own image loader does.
 */
function placesOf({ name, output }: Compiler['options']): Places {
  const { path: outputPath = '', publicPath } = output
  if (typeof publicPath !== 'string' || !publicPath.endsWith('/_next/'))
    return { toPublic: '', folder: 'assets/' }
  const folder = 'static/media/'
  return { toPublic: name === 'client' ? '' : upFromServer(outputPath), folder }
}

/** Out of `server`, or `server/chunks` in a build for Node.js. */
function upFromServer(outputPath: string): string {
  const name = path.basename(outputPath)
  if (name === 'server') return '../'
  return name === 'chunks' && path.basename(path.dirname(outputPath)) === 'server' ? '../../' : ''
}

/** `hero-1a2b3c4d.glb`. webpack treats names as templates, so they must not contain brackets. */
function hashedName(fileName: string, bytes: Uint8Array): string {
  const { name, ext } = path.parse(fileName)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  return `${name.replace(/[^\w.-]+/g, '-')}-${hash}${ext}`
}

/** esbuild: an import that {@link ASSET_PREFIX} passes to our own `onLoad`, and so to the loader `file`. */
export function esbuildUrl(root: string): UrlOf {
  // Not an absolute path: the output shows it in a comment.
  return async (file, index) => importedUrl(ASSET_PREFIX + toPosix(path.relative(root, file.path)), index)
}

/** Farm: a plain import of a file that its config treats as an asset. A query would remain in the URL. */
export function farmUrl(importer: string): UrlOf {
  // Relative to the importer, because source maps contain this line.
  const folder = path.dirname(importer)
  return async (file, index) => {
    return importedUrl(relativeSpecifier(folder, file.path), index)
  }
}

/** Turbopack: a URL relative to the module, which it treats as an asset; it would not do so for an absolute path. */
export function turbopackUrl(folder: string): UrlOf {
  return async (file) => {
    const specifier = JSON.stringify(relativeSpecifier(folder, file.path))
    return { imports: '', expression: `new URL(${specifier}, import.meta.url).href` }
  }
}

export const ASSET_PREFIX = 'meshy-asset:'

function importedUrl(specifier: string, index: number) {
  const name = `__url${index}`
  return { imports: `import ${name} from ${JSON.stringify(specifier)}`, expression: name }
}

function relativeSpecifier(folder: string, file: string): string {
  const relative = toPosix(path.relative(folder, file))
  return relative.startsWith('../') ? relative : `./${relative}`
}
