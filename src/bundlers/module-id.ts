import path from 'node:path'
import { MODULE_ID } from '../run/imports.ts'
import type { ModuleIds } from './adapter.ts'
import { pathOf, toPosix } from './resolve.ts'

/**
 * The id of a module as bundlers see it. A recipe's module is code: Vite takes every id with `.json` before its query
 * for JSON, so that another name is needed.
 */
export function toModuleId(id: string): string {
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
