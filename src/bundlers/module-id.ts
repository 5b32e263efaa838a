import { MODULE_ID } from '../pipeline/imports.ts'
import type { ModuleIds } from './adapter.ts'

/**
 * The id of a module as bundlers see it. A recipe's module is code: Vite takes every id with `.json` before its query
 * for JSON, so that another name is needed.
 */
export function toModuleId(id: string): string {
  return id.replace(/\.json(?=\?)/, '.json.js')
}

/** An id, or a specifier that a browser made of one, as the pipeline knows it. */
export function fromModuleId(id: string): string {
  return id.replace(/\.json\.js(?=\?)/, '.json')
}

/** The ids of bundlers that show them as they are. */
export const plainIds: ModuleIds = { pattern: MODULE_ID, toBundler: toModuleId, fromBundler: fromModuleId }
