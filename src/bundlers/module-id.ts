import path from 'node:path'
import { MODULE_ID } from '../run/imports.ts'
import type { ModuleIds } from './adapter.ts'
import { pathOf, toPosix } from './resolve.ts'

/**
 * A module ID as bundlers see it. The module of a recipe is code, but Vite treats every ID with `.json` before its
 * query as JSON, so it needs another name.
 */
function toModuleId(id: string): string {
  return id.replace(/\.json(?=\?)/, '.json.js')
}

/** An ID, or a specifier that a browser derived from one, as a run knows it. */
export function fromModuleId(id: string): string {
  return id.replace(/\.json\.js(?=\?)/, '.json')
}

/** The IDs for bundlers that take them unchanged. */
export const plainIds: ModuleIds = { pattern: MODULE_ID, toBundler: toModuleId, fromBundler: fromModuleId }

/**
 * The IDs for Vite: pages of its server request modules by URLs made of them, which it then decodes.
 *
 * @param serves whether it is a server
 */
export function viteIds(serves: () => boolean): ModuleIds {
  return {
    pattern: MODULE_ID,
    toBundler: (id) => (serves() ? toModuleId(id).replaceAll('%', '%25') : toModuleId(id)),
    fromBundler: (id) => (serves() ? fromModuleId(id).replaceAll('%25', '%') : fromModuleId(id)),
  }
}

/**
 * Relative to the root, for bundlers that show IDs in comments, and with forward slashes, so that two machines give the
 * same output.
 */
export function relativeIds(root: () => string): ModuleIds {
  const withPath = (id: string, change: (file: string) => string) => {
    const file = pathOf(id)
    return toPosix(change(file)) + id.slice(file.length)
  }
  return {
    pattern: /\?meshy=[0-9a-f]{16}$/,
    toBundler: (id) => withPath(id, (file) => path.relative(root(), file)),
    fromBundler: (id) => withPath(id, (file) => path.resolve(root(), file)),
  }
}

/** The part of `node:path` that depends on the platform. */
type Paths = Pick<typeof path, 'relative' | 'resolve'>

/** IDs for webpack and its relatives, whose files do not exist: no user rule for images or models matches them. */
export const VIRTUAL_ID = /(?:^|[\\/])meshy-module:([\w-]+)\.js$/

/**
 * A module ID as a file name: relative to the root, so that two checkouts have the same name, and encoded, because a
 * loose rule such as `/\.png/` would match it otherwise.
 */
export function toVirtualId(id: string, root: string, paths: Paths = path): string {
  const { file, query } = splitId(id)
  const relative = toPosix(paths.relative(root, file))
  return `meshy-module:${Buffer.from(relative + query).toString('base64url')}.js`
}

/** The module ID behind a file name from {@link toVirtualId}. */
export function fromVirtualId(virtual: string, root: string, paths: Paths = path): string {
  const encoded = VIRTUAL_ID.exec(virtual)?.[1]
  if (encoded === undefined) return virtual
  const { file, query } = splitId(Buffer.from(encoded, 'base64url').toString())
  return toPosix(paths.resolve(root, file)) + query
}

function splitId(id: string): { file: string; query: string } {
  const start = id.lastIndexOf('?')
  return { file: id.slice(0, start), query: id.slice(start) }
}
