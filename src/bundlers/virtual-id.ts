import nodePath from 'node:path'
import { toPosix } from './resolve.ts'

/** The part of `node:path` that depends on the platform. */
export type Paths = Pick<typeof nodePath, 'relative' | 'resolve'>

/** Ids of webpack and its relatives, whose files do not exist: no rule of a user for pictures or models matches them. */
export const VIRTUAL_ID = /(?:^|[\\/])meshy-module:([\w-]+)\.js$/

/**
 * A module id as a file name: it starts from the root, so that two checkouts have the same, and is encoded, since a
 * loose rule such as `/\.png/` would catch it otherwise.
 */
export function toVirtualId(id: string, root: string, paths: Paths = nodePath): string {
  const { file, query } = splitId(id)
  const relative = toPosix(paths.relative(root, file))
  return `meshy-module:${Buffer.from(relative + query).toString('base64url')}.js`
}

/** The module id behind a file name of {@link toVirtualId}. */
export function fromVirtualId(virtual: string, root: string, paths: Paths = nodePath): string {
  const encoded = VIRTUAL_ID.exec(virtual)?.[1]
  if (encoded === undefined) return virtual
  const { file, query } = splitId(Buffer.from(encoded, 'base64url').toString())
  return toPosix(paths.resolve(root, file)) + query
}

function splitId(id: string): { file: string; query: string } {
  const start = id.lastIndexOf('?')
  return { file: id.slice(0, start), query: id.slice(start) }
}
