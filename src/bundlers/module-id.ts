import path from 'node:path'
import { MODULE_ID } from '../run/imports.ts'
import type { ModuleIds } from './adapter.ts'
import { pathOf, toPosix } from './resolve.ts'

/**
 * The id of a module as bundlers see it. A recipe's module is code: Vite takes every id with `.json` before its query
 * for JSON, so that another name is needed.
 */
function toModuleId(id: string): string {
  return id.replace(/\.json(?=\?)/, '.json.js')
}

/** An id, or a specifier that a browser made of one, as a run knows it. */
export function fromModuleId(id: string): string {
  return id.replace(/\.json\.js(?=\?)/, '.json')
}

/** The ids of bundlers that show them as they are. */
export const plainIds: ModuleIds = { pattern: MODULE_ID, toBundler: toModuleId, fromBundler: fromModuleId }

/** Ids relative to the root, for bundlers that show them in comments, and posix, since two machines give the same. */
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
export type Paths = Pick<typeof path, 'relative' | 'resolve'>

/** Ids of webpack and its relatives, whose files do not exist: no rule of a user for pictures or models matches them. */
export const VIRTUAL_ID = /(?:^|[\\/])meshy-module:([\w-]+)\.js$/

/**
 * A module id as a file name: it starts from the root, so that two checkouts have the same, and is encoded, since a
 * loose rule such as `/\.png/` would catch it otherwise.
 */
export function toVirtualId(id: string, root: string, paths: Paths = path): string {
  const { file, query } = splitId(id)
  const relative = toPosix(paths.relative(root, file))
  return `meshy-module:${Buffer.from(relative + query).toString('base64url')}.js`
}

/** The module id behind a file name of {@link toVirtualId}. */
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
