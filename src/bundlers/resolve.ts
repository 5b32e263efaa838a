import { hasErrno } from '../system/errors.ts'
import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import path from 'node:path'

/** The part of a Rollup-like plugin context that resolves. */
export interface ResolvingContext {
  resolve?(
    source: string,
    importer: string | undefined,
    options: { skipSelf: boolean },
  ): Promise<{ id: string } | null>
}

/**
 * The absolute path of an imported image: found by the bundler (relative paths, aliases, packages), then in the folder
 * of public files, then as a file of a package. If nothing is found, the path that a relative import points to.
 */
export async function resolveImage(
  context: ResolvingContext,
  source: string,
  from: { importer: string | undefined; root: string; publicDir?: string | undefined },
): Promise<string> {
  const importer = from.importer && fileOf(from.importer)
  const resolved = await context.resolve?.(source, from.importer, { skipSelf: true })
  const base = importer && path.isAbsolute(importer) ? path.dirname(importer) : from.root
  const candidates = [
    resolved && fileOf(resolved.id),
    path.isAbsolute(source) && from.publicDir && path.join(from.publicDir, source),
    path.isAbsolute(source) && path.join(from.root, source),
    path.resolve(base, source),
    isBare(source) && packageFile(source, base),
    // A module may write a name as in a URL.
    path.resolve(base, source.replaceAll('%25', '%')),
    path.isAbsolute(source) && path.join(from.root, source.replaceAll('%25', '%')),
  ]
  const found = candidates.find((file): file is string => typeof file === 'string' && existsSync(file))
  return toPosix(found ?? path.resolve(base, source))
}

/** The path of a specifier of ours. A `#` in it belongs to the name of a file: nobody asks for a part of an image. */
export function pathOf(specifier: string): string {
  return specifier.replace(/\?.*$/s, '')
}

/** The file of any ID: `#` starts a fragment, unless there is a file with it in its name. */
export function fileOf(id: string): string {
  // webpack marks a `#` that does not start a fragment with a NUL.
  const whole = id.replace(/\?.*$/s, '').replaceAll('\0#', '#')
  return whole.includes('#') && !existsSync(whole) ? whole.replace(/#.*$/s, '') : whole
}

export function toPosix(file: string): string {
  return file.replaceAll('\\', '/')
}

/** The package that a path may belong to by its form; undefined for a relative or absolute path. */
export function packageNameOf(source: string): string | undefined {
  return isBare(source) ? /^(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] : undefined
}

function isBare(source: string): boolean {
  return !source.startsWith('.') && !path.isAbsolute(source)
}

/** A file that a package exports, as a module in a folder would import it; undefined if there is none. */
export function packageFile(source: string, base: string): string | undefined {
  try {
    return createRequire(path.join(base, 'noop.js')).resolve(source)
  } catch (error) {
    if (hasErrno(error, 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED')) return undefined
    throw error
  }
}
