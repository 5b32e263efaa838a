import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { OutputOptions, PreRenderedAsset } from 'rollup'
import { fileNameOf, type AssetFile } from '../run/asset.ts'
import { readPlaceholder } from './placeholder.ts'

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
export class AssetNames {
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
      return tag === undefined ? name : name.replace('[name]', `[name]-${tag}`)
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

function hasHash(pattern: string): boolean {
  return pattern.includes('[hash')
}

function digestOf(source: string | Uint8Array): string {
  return createHash('sha256').update(source).digest('hex')
}
