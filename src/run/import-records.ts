import { readFile } from 'node:fs/promises'
import { isMeshyError, hasErrno } from '../system/errors.ts'
import { writeAtomically } from '../system/durable.ts'
import type { Context } from './context.ts'
import type { Import } from './imports.ts'

/**
 * Records the query of an import under the token of its ID, and returns the file.
 *
 * Some bundlers keep module IDs across runs, so that a later run may load a module without ever seeing its import. An
 * ID contains a token, because it must not contain a prompt; this record says what the token stands for.
 */
export async function rememberImport(context: Context, id: string, specifier: string): Promise<string> {
  const { layout } = context.ports.store
  const file = layout.importRecord(context.project.imports.tokenOf(id))
  const query = specifier.slice(specifier.indexOf('?') + 1)
  if ((await readRecord(file)) === query) return file
  try {
    await context.ports.store.prepare()
    await writeAtomically(file, query, layout.tmp, async () => (await readRecord(file)) === query)
  } catch (error) {
    // If the cache cannot be written, this run still knows its imports; a later one may have to see them again.
    const isReadOnly = isMeshyError(error) && error.code === 'MESHY_CACHE_UNWRITABLE'
    if (!isReadOnly && !hasErrno(error, 'EROFS', 'EACCES', 'EPERM')) throw error
  }
  return file
}

/**
 * The import behind an ID that this run has not seen, if an earlier one has recorded it.
 *
 * @param importer the module that imports it, if the bundler still knows
 */
export async function recallImport(
  { ports: { store }, project: { imports } }: Context,
  id: string,
  importer?: string,
): Promise<Import | undefined> {
  const query = await readRecord(store.layout.importRecord(imports.tokenOf(id)))
  if (query === undefined) return undefined
  imports.learn(id, query, importer)
  return imports.find(id)
}

async function readRecord(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
