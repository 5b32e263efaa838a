import type PQueue from 'p-queue'
import type { Clock } from '../../system/clock.ts'
import { readIfThere } from '../../system/file.ts'
import { writeDurably } from '../../system/durable.ts'
import { errnoOf, hasErrno } from '../../system/errors.ts'

/** Read-only source trees, as in some containers, are no reason to stop a build. */
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS'] as const
/** How long a live run collects queries before it writes them. */
const GATHER_MS = 300

export interface DeclaredFileOptions {
  clock: Clock
  /** One at a time: each writer of a process keeps what the previous one added. */
  turns: PQueue
  /** Whether the run has no end, so that new queries are written soon. */
  live: boolean
  warn(text: string): void
  info(text: string): void
}

/** The file with the types of the imports of a project: it keeps what earlier runs found. */
export class DeclaredFile {
  #queries = new Set<string>()
  #gathering = false
  readonly file: string
  readonly #options: DeclaredFileOptions

  constructor(file: string, options: DeclaredFileOptions) {
    this.file = file
    this.#options = options
  }

  /** Takes the query of an import as written in its source: `?meshy&pbr`. */
  add(query: string): void {
    if (this.#queries.has(query)) return
    // TypeScript does not allow a second `*` besides that of the path.
    if (query.includes('*')) return this.#refuse(query)
    this.#queries.add(query)
    if (this.#options.live) void this.#writeSoon()
  }

  /** Adds to the file what it lacks. */
  async write(): Promise<void> {
    if (this.#queries.size > 0) await this.#options.turns.add(() => this.#merge())
  }

  async #writeSoon(): Promise<void> {
    if (this.#gathering) return
    this.#gathering = true
    await this.#options.clock.sleep(GATHER_MS)
    this.#gathering = false
    try {
      await this.write()
    } catch (error) {
      this.#options.warn(`the types of the imports were not written: ${String(error)}`)
    }
  }

  #refuse(query: string): void {
    this.#options.warn(
      `\`${query}\` gets no types, because TypeScript allows only one \`*\`; write \`%2A\` in the query`,
    )
  }

  async #merge(): Promise<void> {
    // Windows line endings, which git may have created, are not a change.
    const text = (await readIfThere(this.file))?.replaceAll('\r\n', '\n')
    if (text !== undefined && !text.includes(DECLARATIONS_MARK)) {
      this.#options.warn(
        `\`${this.file}\` was not written by this plugin and stays as it is: choose another file with \`dts\``,
      )
      return
    }
    if (text !== undefined && declaresAll(text, this.#queries)) return
    await this.#writeText(formatDeclarations([...readDeclarations(text ?? ''), ...this.#queries]))
    if (text === undefined) this.#options.info(`the types of the imports are in \`${this.file}\`; commit it`)
  }

  async #writeText(text: string): Promise<void> {
    try {
      await writeDurably(this.file, text)
    } catch (error) {
      if (!hasErrno(error, ...READ_ONLY)) throw error
      this.#options.warn(`\`${this.file}\` cannot be written (${errnoOf(error)}): new queries have no types`)
    }
  }
}

/** The line that marks a file that we may overwrite. Projects have committed it, so it must not change. */
const DECLARATIONS_MARK =
  '// Written by unplugin-meshy: the types of every query that an import of a model had so far.'

/** What makes linters and formatters leave the file alone; Prettier has no mark for a whole file of code. */
const HEAD = [
  '/* eslint-disable */',
  '// biome-ignore-all format: generated',
  '// biome-ignore-all lint: generated',
  DECLARATIONS_MARK,
  '// Lines are only added. To start over, delete the file.',
  '',
].join('\n')
const MODULE_MARK = '// prettier-ignore'
const FIELDS = ['url', 'metadata', 'files', 'textures', 'thumbnail', 'thumbnails', 'lods']

/** With whatever quotes a formatter prefers. */
const MODULE = /^declare module\s+("\*(?:[^"\\]|\\.)*"|'\*(?:[^'\\]|\\.)*')/gm

/** A file with one module for each query, sorted: TypeScript allows one `*` in a pattern, so queries are spelled out. */
function formatDeclarations(queries: Iterable<string>): string {
  const modules = [...new Set(queries)].toSorted().map(formatModule)
  return [HEAD, ...modules].join('\n')
}

/**
 * Whether a text declares these queries with all fields, and has the marks; a formatter may have changed its format.
 */
function declaresAll(text: string, queries: Iterable<string>): boolean {
  const declared = readDeclarations(text)
  const counts = FIELDS.map((field) => text.split(`export const ${field}:`).length - 1)
  const isWhole = text.includes(MODULE_MARK) && counts.every((count) => count === declared.length)
  return isWhole && [...queries].every((query) => declared.includes(query))
}

/** The queries that a file declares, as written by {@link formatDeclarations} or a formatter. */
export function readDeclarations(text: string): string[] {
  return [...text.matchAll(MODULE)].map(([, pattern = '']) => unquote(pattern).slice(1))
}

function unquote(literal: string): string {
  const inner = literal.slice(1, -1).replaceAll(/\\(.)|"/g, (found, sign: string | undefined) => {
    if (found === '"') return String.raw`\"`
    return sign === "'" ? "'" : found
  })
  return JSON.parse(`"${inner}"`) as string
}

/** No import at the top: that would make the file a module, and its declarations augmentations. */
function formatModule(query: string): string {
  return [
    MODULE_MARK,
    `declare module ${JSON.stringify(`*${query}`)} {`,
    `  const asset: import('unplugin-meshy/types').MeshyAsset`,
    ...FIELDS.map((field) => `  export const ${field}: typeof asset.${field}`),
    '  export default asset',
    '}',
    '',
  ].join('\n')
}
