import { readFile } from 'node:fs/promises'
import { writeAtomically } from '../system/durable.ts'
import { hasCode, formatSite, hasErrno, type ImportSite } from '../system/errors.ts'
import { ifExists } from '../store/disk-errors.ts'
import type { Store } from '../store/open-store.ts'
import type { Directives } from '../request/directives.ts'
import { type Hasher, directiveToken } from '../request/fingerprint.ts'
import { parseSpecifier } from '../request/parse.ts'
import { by } from '../system/order.ts'

/** An import as the bundler showed it: what it says, and where it is. */
export interface Import {
  /** Absolute path of the image or recipe. */
  file: string
  /** The directives of the query, or why it could not be read. */
  directives: Directives | { error: unknown }
  /** Its place in the source, for errors; determined when it is first needed. */
  site: () => Promise<ImportSite>
  /** All of its places in the sources, if the bundler says who imports. */
  sites?(): Promise<ImportSite[]>
  /** Importing modules by their IDs; empty for an entry, and for an import that only an earlier run has seen. */
  importers?: readonly string[]
  /** The package by whose name the file is imported: `package/hero.png`. */
  packageName?: string | undefined
  /** Whether anything still imports it, if the bundler can tell. */
  isImported?(): boolean
}

/** An import that a bundler resolves. */
interface SeenImport extends Pick<Import, 'file' | 'site'> {
  /** The importing module, to distinguish importers. */
  importer?: string | undefined
  packageName?: string | undefined
}

/** Canonical module IDs, whatever a bundler adds to their query. */
export const MODULE_ID = /^(.+)\?(?:[^#]*&)?meshy=([0-9a-f]{16})(?=[&#]|$)/s
/** Whatever may be ours to resolve; `isMeshySpecifier` decides. */
export const SPECIFIER = /[?&]meshy(?:[=&#]|$)/

/**
 * The imports of a run by their canonical module ID: `<absolute path>?meshy=<token>`.
 *
 * The token is a digest of the directives, so order, aliases and encodings give one module, and an ID never contains a
 * prompt or a `%`: Vite decodes the IDs of requests and resolves them again.
 */
export class Imports {
  #directives = new Map<string, Import['directives']>()
  /** By module id, then by importer. */
  #sites = new Map<string, Map<string, Import['site']>>()
  #packageNames = new Map<string, string>()
  readonly #hasher: Hasher
  readonly #onQuery: (query: string) => void

  /** @param onQuery receives the query of each import as written in its source, if it can be read */
  constructor(hasher: Hasher, onQuery: (query: string) => void = () => {}) {
    this.#hasher = hasher
    this.#onQuery = onQuery
  }

  /**
   * Remembers an import and returns its module ID. A query that cannot be read gets an ID as well: its error is
   * reported when the module is loaded, together with all others. Errors name the first site of an ID.
   */
  add(specifier: string, { file, site, importer = '', packageName }: SeenImport): string {
    const id = formatId(file, this.#addDirectives(specifier))
    const sites = this.#sitesOf(id)
    if (!sites.has(importer)) sites.set(importer, site)
    if (packageName !== undefined) this.#packageNames.set(id, packageName)
    return id
  }

  /** The module ID that {@link add} returned for a file and its directives; undefined if no importer has shown both. */
  findId(specifier: string, file: string): string | undefined {
    const read = readQuery(specifier)
    const id = formatId(file, 'token' in read ? read.token : this.#tokenOf(specifier, read))
    return this.#sites.has(id) ? id : undefined
  }

  /** The import behind a module ID; undefined if no importer has shown this file with these directives. */
  find(id: string): Import | undefined {
    const [, file = '', token = ''] = MODULE_ID.exec(id) ?? []
    const known = formatId(file, token)
    const directives = this.#directives.get(token)
    const seen = this.#sites.get(known)
    if (!directives || !seen) return undefined
    const [site = unknownSite] = seen.values()
    return {
      file,
      directives,
      site,
      // Importers that come later share the module, and are reported as well.
      sites: () => Promise.all([...seen.values()].map((one) => one())),
      importers: [...seen.keys()],
      packageName: this.#packageNames.get(known),
    }
  }

  /** Adopts what an earlier run saw: the query behind the token of an ID. */
  learn(id: string, query: string, importer?: string): void {
    const read = readQuery(`?${query}`)
    const [, file, token] = MODULE_ID.exec(id) ?? []
    if (file === undefined || token === undefined || 'token' in read) return
    // A truncated record would say something else.
    if (!('error' in read) && directiveToken(read, this.#hasher) !== token) return
    this.#directives.set(token, read)
    const sites = this.#sitesOf(formatId(file, token))
    if (importer !== undefined) sites.set(importer, unknownSite)
  }

  #sitesOf(id: string): Map<string, Import['site']> {
    const sites = this.#sites.get(id) ?? new Map<string, Import['site']>()
    this.#sites.set(id, sites)
    return sites
  }

  #addDirectives(specifier: string): string {
    const read = readQuery(specifier)
    if ('token' in read) return read.token
    if (!('error' in read)) this.#onQuery(specifier.slice(specifier.indexOf('?')))
    const token = this.#tokenOf(specifier, read)
    this.#directives.set(token, read)
    return token
  }

  #tokenOf(specifier: string, read: Import['directives']): string {
    return 'error' in read ? this.#hasher.text(specifier) : directiveToken(read, this.#hasher)
  }
}

/**
 * Records the query of an import under the token of its ID, and returns the file.
 *
 * Some bundlers keep module IDs across runs, so that a later run may load a module without ever seeing its import. An
 * ID contains a token, because it must not contain a prompt; this record says what the token stands for.
 */
export async function rememberImport(store: Store, id: string, specifier: string): Promise<string> {
  const file = recordOf(store, id)
  const query = specifier.slice(specifier.indexOf('?') + 1)
  const isRecorded = async () => (await readRecord(file)) === query
  if (await isRecorded()) return file
  try {
    await store.prepare()
    await writeAtomically(file, query, store.layout.tmp, isRecorded)
  } catch (error) {
    // If the cache cannot be written, this run still knows its imports; a later one may have to see them again.
    const isUnwritable = hasCode(error, 'MESHY_CACHE_UNWRITABLE')
    if (!isUnwritable && !hasErrno(error, 'EROFS', 'EACCES', 'EPERM')) throw error
  }
  return file
}

/**
 * The import behind an ID that this run has not seen, if an earlier one has recorded it.
 *
 * @param importer the module that imports it, if the bundler still knows
 */
export async function recallImport(
  store: Store,
  imports: Imports,
  { id, importer }: { id: string; importer: string | undefined },
): Promise<Import | undefined> {
  const query = await readRecord(recordOf(store, id))
  if (query === undefined) return undefined
  imports.learn(id, query, importer)
  return imports.find(id)
}

function recordOf({ layout }: Store, id: string): string {
  const token = MODULE_ID.exec(id)?.[2]
  if (token === undefined) throw new TypeError(`Expected a module id, got ${JSON.stringify(id)}`)
  return layout.importRecord(token)
}

function readRecord(file: string): Promise<string | undefined> {
  return ifExists(file, () => readFile(file, 'utf8'))
}

/** All places of the imports in the sources, each once, in source order. */
export async function sitesOf(imports: readonly Import[]): Promise<ImportSite[]> {
  const sites = await Promise.all(imports.map(async (one) => (await one.sites?.()) ?? [await one.site()]))
  const unique = new Map(sites.flat().map((site) => [formatSite(site), site]))
  return [...unique.values()].toSorted(by(({ file, line = 0 }) => [file, line]))
}

function formatId(file: string, token: string): string {
  return `${file}?meshy=${token}`
}

function readQuery(specifier: string): Import['directives'] | { token: string } {
  try {
    const { token, directives } = parseSpecifier(specifier)
    return token === undefined ? directives : { token }
  } catch (error) {
    return { error }
  }
}

async function unknownSite(): Promise<ImportSite> {
  return { file: '(unknown importer)' }
}
