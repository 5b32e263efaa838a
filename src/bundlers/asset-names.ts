import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { OutputOptions, PreRenderedAsset } from 'rollup'
import { fileNameOf, type AssetFile } from '../run/asset.ts'
import { readPlaceholder } from './placeholder.ts'

type AssetFileNames = OutputOptions['assetFileNames']
/** An asset that is about to be named. Older bundlers of the family know no list of names. */
type NamedAsset = Pick<PreRenderedAsset, 'source'> & Partial<Pick<PreRenderedAsset, 'names'>>

/** As much of a SHA-256 as tells models of one picture apart. */
const TAG_DIGITS = 8

/**
 * Names of models in outputs without hashes, as those of libraries. A bundler numbers what has the same name, in the order in
 * which it met the modules, and that is another one each time: so the names get a part of the SHA-256 of what they stand for.
 */
export class AssetNames {
  /** File names and SHA-256 of what is ours. */
  #own = new Set<string>()

  async add(file: AssetFile): Promise<void> {
    const sha256 = file.blob?.sha256 ?? digestOf(await readFile(file.path))
    this.#own.add(`${fileNameOf(file)} ${sha256}`)
  }

  /** The names that an output asks for, with a part of the SHA-256 where they have no hash. */
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
    // Placeholders differ where keys do, also those of equal bytes.
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
