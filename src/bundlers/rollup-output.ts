import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { NormalizedOutputOptions, OutputBundle, OutputOptions, PreRenderedAsset } from 'rollup'
import type { UrlOf } from './module.ts'
import { toBundlerError } from './bundler-error.ts'
import type { Session } from './session.ts'
import { createHash } from 'node:crypto'
import { fileNameOf, type AssetFile } from '../run/asset.ts'
import { formatBytes, plural } from '../system/format.ts'
import { issuePlaceholder, readPlaceholder, replacePlaceholders, type Placeholder } from './placeholder.ts'

/** Called by bundlers of the Rollup family when they have generated an output, and when they have written it. */
export function outputHooks(copyMode: CopyMode) {
  const outputOptions = (options: object): object => {
    const { assetFileNames } = options as OutputOptions
    return { ...options, assetFileNames: copyMode.names.tagged(assetFileNames) }
  }
  const generateBundle = {
    order: 'post' as const,
    handler: (output: Output, files: object, isWrite: boolean) => copyMode.collect(output, files, isWrite),
  }
  const writeBundle = {
    // Before all others, so that plugins that look into the folder find all files.
    order: 'pre' as const,
    sequential: true as const,
    handler: (output: Output) => copyMode.write(output),
  }
  return { outputOptions, generateBundle, writeBundle }
}

/** Where a bundler writes an output. */
type Output = Pick<NormalizedOutputOptions, 'dir' | 'file'>

/**
 * `emit: 'copy'`: bundlers get placeholders for files, name them, point code and manifests at them, and never see their
 * bytes. The real files are copied from the cache to the same names once everything else is written.
 */
export class CopyMode {
  /** Whether this is a build inside a build, which passes its files on: a worker's, in Vite. */
  isPart = false
  readonly names = new AssetNames()
  readonly #session: Session
  /** Placeholders by their path in the output, by the folder of the output. */
  #pending = new Map<string, Map<string, Placeholder>>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Replaces files with placeholders, if the options say so. */
  urlOf(urlOf: UrlOf): UrlOf {
    return async (file, index) => {
      await this.names.add(file)
      const { ports } = await this.#session.context()
      const { options, store } = ports
      const placeholder = options.emit === 'copy' ? await issuePlaceholder(store, file) : undefined
      return urlOf(placeholder ?? file, index)
    }
  }

  /**
   * Takes the placeholders out of a bundle that is about to be written. A bundle that stays in memory gets the bytes,
   * because nobody could add them later.
   */
  async collect(output: Output, bundle: object, isWrite: boolean): Promise<void> {
    const context = await this.#session.context()
    if (context.ports.options.emit !== 'copy' || this.isPart) return
    const files = bundle as OutputBundle
    for (const [name, placeholder] of placeholdersIn(files)) {
      if (isWrite) {
        this.#pendingIn(folderOf(output)).set(name, placeholder)
        delete files[name]
      } else {
        const { blob, key, stem } = placeholder
        const source = await readFile(await context.ports.store.outputs.materialise(blob, key, stem))
        Object.assign(files[name] ?? {}, { source })
      }
    }
  }

  /** Copies what {@link collect} took out, into an output that is written. */
  async write(output: Output): Promise<void> {
    const folder = folderOf(output)
    const placeholders = this.#pendingIn(folder)
    this.#pending.delete(folder)
    if (placeholders.size === 0) return
    const { root } = this.#session.bundler
    const { ports } = await this.#session.context()
    try {
      await replacePlaceholders(ports.store, folder, placeholders)
    } catch (error) {
      throw toBundlerError(error, root)
    }
    ports.reporter.logger.info(`meshy: ${describeCopies(placeholders)} to ${path.relative(root, folder)}`)
  }

  #pendingIn(folder: string): Map<string, Placeholder> {
    const known = this.#pending.get(folder)
    if (known) return known
    const fresh = new Map<string, Placeholder>()
    this.#pending.set(folder, fresh)
    return fresh
  }
}

function folderOf({ dir, file }: Output): string {
  return path.resolve(dir ?? path.dirname(file ?? ''))
}

function describeCopies(placeholders: ReadonlyMap<string, Placeholder>): string {
  const bytes = [...placeholders.values()].reduce((sum, { blob }) => sum + blob.bytes, 0)
  return `copied ${plural(placeholders.size, 'file')} (${formatBytes(bytes)})`
}

function placeholdersIn(files: OutputBundle): Map<string, Placeholder> {
  const placeholders = new Map<string, Placeholder>()
  for (const [name, file] of Object.entries(files)) {
    const placeholder = file.type === 'asset' ? readPlaceholder(file.source) : undefined
    if (placeholder) placeholders.set(name, placeholder)
  }
  return placeholders
}

type AssetFileNames = OutputOptions['assetFileNames']
/** An asset that is about to be named. Older bundlers of the family do not provide a list of names. */
type NamedAsset = Pick<PreRenderedAsset, 'source'> & Partial<Pick<PreRenderedAsset, 'names'>>

/** Enough of a SHA-256 to distinguish the models of one image. */
const TAG_DIGITS = 8

/**
 * Names of models in outputs without hashes, such as those of libraries. A bundler numbers assets with the same name in
 * the order in which it met their modules, which differs each time. So the names get a part of the SHA-256 of what they
 * stand for.
 */
class AssetNames {
  /** File names and SHA-256 of our files. */
  #own = new Set<string>()

  async add(file: AssetFile): Promise<void> {
    const sha256 = file.blob?.sha256 ?? digestOf(await readFile(file.path))
    this.#own.add(`${fileNameOf(file)} ${sha256}`)
  }

  /** The names that an output asks for, with a part of the SHA-256 if they have no hash. */
  tagged(pattern: AssetFileNames): AssetFileNames {
    if (pattern === undefined || (typeof pattern === 'string' && hasHash(pattern))) return pattern
    return (asset) => {
      const name = typeof pattern === 'string' ? pattern : pattern(asset)
      const tag = hasHash(name) ? undefined : this.#tagOf(asset)
      return tag === undefined ? name : withTag(name, tag)
    }
  }

  #tagOf({ names = [], source }: NamedAsset): string | undefined {
    if (this.#own.size === 0) return undefined
    // Placeholders differ whenever keys do, even for equal bytes.
    const digest = digestOf(source)
    const sha256 = readPlaceholder(source)?.blob.sha256 ?? digest
    const isOwn = names.some((name) => this.#own.has(`${path.basename(name)} ${sha256}`))
    return isOwn ? digest.slice(0, TAG_DIGITS) : undefined
  }
}

function withTag(name: string, tag: string): string {
  if (name.includes('[name]')) return name.replace('[name]', `[name]-${tag}`)
  // A function may have put it together.
  return name.replace(/(?:\[extname\]|\.[^./]+)?$/, `-${tag}$&`)
}

function hasHash(pattern: string): boolean {
  return pattern.includes('[hash')
}

function digestOf(source: string | Uint8Array): string {
  return createHash('sha256').update(source).digest('hex')
}
