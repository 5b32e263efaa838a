import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BlobRef, EXT_PATTERN, KEY_PATTERN, SHA256_PATTERN } from './entry.ts'
import { ifExists } from './disk-errors.ts'

/** A name in a folder, not a path, and not ending in a dot. */
const FILE_NAME_PATTERN = /^[^/\\]*[^/\\.]$/

/** The places of everything below the cache folder. */
export type Layout = ReturnType<typeof createLayout>

/**
 * Absolute paths below the cache folder; nothing is read or written here.
 *
 * @param cacheDir the cache folder, relative to the working folder if it is not absolute
 */
export function createLayout(cacheDir: string) {
  const root = resolve(cacheDir)
  const below = (...parts: string[]): string => join(root, ...parts)
  const inFolder = (folder: string) => (key: string, fileName: string) =>
    below(folder, checked(key, KEY_PATTERN), checked(fileName, FILE_NAME_PATTERN))
  return {
    root,
    blobs: below('blobs'),
    entries: below('entries'),
    journal: below('journal'),
    /** Files with readable names, for bundlers. */
    out: below('out'),
    /** Results of reading files that have not changed since. */
    notes: below('notes'),
    leases: below('leases'),
    tmp: below('tmp'),
    /** Stand-ins. */
    preview: below('preview'),
    /** What bundlers watch. */
    states: below('state'),
    /** Queries of imports. */
    imports: below('imports'),
    blob: ({ sha256, ext }: Pick<BlobRef, 'sha256' | 'ext'>) => {
      const name = `${checked(sha256, SHA256_PATTERN)}.${checked(ext, EXT_PATTERN)}`
      return below('blobs', name.slice(0, 2), name)
    },
    entry: (key: string) => below('entries', `${checked(key, KEY_PATTERN)}.json`),
    journalRecord: (key: string) => below('journal', `${checked(key, KEY_PATTERN)}.json`),
    /** The name must be one that `safeFileName` made. */
    output: inFolder('out'),
    /** What bundlers get instead of an output that they do not copy themselves, under the same name. */
    placeholder: inFolder('tickets'),
    /** Touched when the asset of a key becomes ready: bundlers watch it. */
    state: (key: string) => below('state', checked(key, KEY_PATTERN)),
    /** The query that a token of 16 hex digits stands for in module IDs. */
    importRecord: (token: string) => below('imports', checked(token, KEY_PATTERN)),
    /** The lease of a key, or the one named `lockfile`. */
    lease: (name: string) => below('leases', checked(name, /^[\w-]+$/)),
  }
}

/** The keys that have a record in a folder, sorted. */
export async function listKeys(folder: string): Promise<string[]> {
  const names = await listFolder(folder)
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((key) => KEY_PATTERN.test(key))
    .sort()
}

/** The names in a folder; none if it does not exist. */
export async function listFolder(folder: string): Promise<string[]> {
  return (await ifExists(folder, () => readdir(folder))) ?? []
}

/** Every part of a path is checked here, so that no record can make us leave the cache folder. */
function checked(part: string, pattern: RegExp): string {
  if (pattern.test(part)) return part
  throw new TypeError(`Expected a part of a cache path to match ${pattern}, got ${JSON.stringify(part)}`)
}

const MAX_BYTES = 120

/** Names that Windows reserves for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * A file name, without extension, that is the same everywhere and has no special meaning to a file system, a shell or a
 * URL.
 *
 * Letters and digits of all scripts are kept; macOS separates accents from their letters in names, so they are joined.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
  const safe = shorten(plain).replace(/[.-]+$/, '')
  if (safe === '') return 'model'
  return DEVICE.test(safe) ? `model-${safe}` : safe
}

/** File systems count bytes, and an extension has to fit as well. */
function shorten(name: string): string {
  let short = ''
  for (const character of name) {
    if (Buffer.byteLength(short + character) > MAX_BYTES) break
    short += character
  }
  return short
}
