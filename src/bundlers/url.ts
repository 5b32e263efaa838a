import { fileNameOf, readAssetFile } from '../pipeline/asset.ts'
import type { UrlOf } from './module.ts'
import { toPosix } from './resolve.ts'

/** The part of Rollup's plugin context that emits files. */
interface EmittingContext {
  emitFile(file: { type: 'asset'; name: string; source: Uint8Array; originalFileName: string }): string
}

/**
 * Vite emits and serves the file itself: the one form that is right in dev, build, SSR, workers and libraries, with
 * every base. `no-inline` keeps small models out of the code; an unbundled dev server never inlines.
 */
export function viteUrl(bundled: boolean): UrlOf {
  const query = bundled ? '?url&no-inline' : '?url'
  return async (file, index) => {
    const name = `__url${index}`
    return { imports: `import ${name} from ${JSON.stringify(toPosix(file.path) + query)}`, expression: name }
  }
}

/** Rollup and Rolldown: an emitted asset and the reference that they replace by its URL. */
export function rollupUrl(context: EmittingContext, originalFileName: string): UrlOf {
  return async (file) => {
    const source = await readAssetFile(file)
    const reference = context.emitFile({ type: 'asset', name: fileNameOf(file), source, originalFileName })
    return { imports: '', expression: `import.meta.ROLLUP_FILE_URL_${reference}` }
  }
}
