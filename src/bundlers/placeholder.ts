import { chmod, copyFile, mkdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { AssetFile } from '../run/asset.ts'
import { constants, readFileSync } from 'node:fs'
import PQueue from 'p-queue'
import type { BlobRef } from '../store/entry.ts'
import { orUnwritable } from '../store/disk-errors.ts'
import type { Layout } from '../store/layout.ts'
import { isReadOnly } from '../store/outputs.ts'
import { writeAtomically } from '../system/durable.ts'
import { hasErrno } from '../system/errors.ts'
import type { Store } from '../store/open-store.ts'

/**
 * What a bundler gets instead of a large file: a few bytes that say which file is meant. It names and counts the
 * placeholder like the file, because placeholders differ if files differ.
 */
export interface Placeholder {
  blob: BlobRef
  key: string
  /** File name without extension. */
  stem: string
}

const HEAD = 'unplugin-meshy copies a file here: '
/** Longer than any placeholder. */
const MAX_BYTES = 1024

/**
 * Writes the placeholder of a verified file, under the same name.
 *
 * @returns the placeholder as the file to emit; undefined for files that are not from the store, such as stand-ins
 */
export async function issuePlaceholder(store: Store, file: AssetFile): Promise<AssetFile | undefined> {
  if (!file.blob) return undefined
  const { blob, role } = file
  const { dir, base: name, name: stem } = path.parse(file.path)
  const key = path.basename(dir)
  const text = formatPlaceholder({ blob, key, stem })
  try {
    return { role, path: await writeIn(store.layout, { key, name, text }, store.prepare) }
  } catch (error) {
    if (!isReadOnly(error)) throw error
    return { role, path: await writeIn(await store.outputs.spare(), { key, name, text }) }
  }
}

async function writeIn(
  layout: Layout,
  { key, name, text }: { key: string; name: string; text: string },
  prepare = async () => {},
): Promise<string> {
  const file = layout.placeholder(key, name)
  if (readIfThere(file) === text) return file
  await prepare()
  await orUnwritable(file, () => writeAtomically(file, text, layout.tmp))
  return file
}

/** The placeholder that is in a bundle as an asset; undefined for all other assets. */
export function readPlaceholder(source: string | Uint8Array): Placeholder | undefined {
  if (source.length > MAX_BYTES) return undefined
  const text = typeof source === 'string' ? source : Buffer.from(source).toString()
  // It was written by `formatPlaceholder`.
  return text.startsWith(HEAD) ? (JSON.parse(text.slice(HEAD.length)) as Placeholder) : undefined
}

const COPIES_AT_ONCE = 8

/**
 * Copies the files that placeholders stand for into an output.
 *
 * @param placeholders by path in the output
 * @throws {MeshyError} MESHY_OUTPUT_UNWRITABLE, MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_CACHE_UNWRITABLE
 */
export async function replacePlaceholders(
  store: Store,
  folder: string,
  placeholders: ReadonlyMap<string, Placeholder>,
): Promise<void> {
  const targets = [...placeholders].map(([name, placeholder]) => ({
    placeholder,
    target: path.join(folder, name),
  }))
  for (const parent of new Set(targets.map(({ target }) => path.dirname(target)))) {
    await orUnwritable(parent, () => mkdir(parent, { recursive: true }), 'MESHY_OUTPUT_UNWRITABLE')
  }
  const turns = new PQueue({ concurrency: COPIES_AT_ONCE })
  await turns.addAll(
    targets.map(({ placeholder, target }) => async () => {
      // Checked once more if it has changed since: a bundler that watches does not load its module again.
      const { blob, key, stem } = placeholder
      const file = await store.outputs.materialise(blob, key, stem)
      await orUnwritable(target, () => replaceByCopy(file, target), 'MESHY_OUTPUT_UNWRITABLE')
    }),
  )
}

/** The existing file may be read-only, or a link to somewhere else: nothing is written into it. */
async function replaceByCopy(file: string, target: string): Promise<void> {
  const copy = () => copyFile(file, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  try {
    await copy()
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
    await unlink(target)
    await copy()
  }
  await chmod(target, 0o644)
}

function formatPlaceholder({ blob, key, stem }: Placeholder): string {
  const { sha256, bytes, ext } = blob
  return HEAD + JSON.stringify({ blob: { sha256, bytes, ext }, key, stem })
}

/** Reading so few bytes takes less time than handing the job to another thread. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
