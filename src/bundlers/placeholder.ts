import { constants, readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import PQueue from 'p-queue'
import type { BlobRef } from '../store/entry.ts'
import { orUnwritable } from '../store/unwritable.ts'
import { writeAtomically } from '../system/durable.ts'
import { hasErrno } from '../system/errno.ts'
import type { AssetFile } from '../run/asset.ts'
import type { Store } from '../store/open-store.ts'

/**
 * What a bundler gets in the place of a large file: a few bytes that say which one is meant. It names and counts the
 * ticket as it would the file, since tickets differ where files differ.
 */
export interface Ticket {
  blob: BlobRef
  key: string
  /** File name without extension. */
  stem: string
}

const HEAD = 'unplugin-meshy copies a file here: '
/** Longer than any ticket. */
const MAX_BYTES = 1024

/**
 * Writes the ticket of a verified file, under the same name.
 *
 * @returns the ticket as the file to emit; undefined for files that are not from the store, such as stand-ins
 */
export async function issueTicket(
  { layout, prepare }: Store,
  file: AssetFile,
): Promise<AssetFile | undefined> {
  if (!file.blob) return undefined
  const { blob } = file
  const [key = '', name = ''] = path.relative(layout.out, file.path).split(path.sep)
  const text = formatTicket({ blob, key, stem: path.basename(name, `.${blob.ext}`) })
  const ticket = layout.ticket(key, name)
  if (readIfThere(ticket) !== text) {
    await prepare()
    await writeAtomically(ticket, text, layout.tmp)
  }
  return { role: file.role, path: ticket }
}

/** The ticket that stands in a bundle as an asset; undefined for all other assets. */
export function readTicket(source: string | Uint8Array): Ticket | undefined {
  if (source.length > MAX_BYTES) return undefined
  const text = typeof source === 'string' ? source : Buffer.from(source).toString()
  // It was written by `formatTicket`.
  return text.startsWith(HEAD) ? (JSON.parse(text.slice(HEAD.length)) as Ticket) : undefined
}

/**
 * The path of the file that a ticket stands for, checked once more where it changed since the ticket was issued: a
 * bundler that watches does not load its module again.
 *
 * @throws {MeshyError} MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_CACHE_UNWRITABLE
 */
export function fileOfTicket({ outputs }: Store, { blob, key, stem }: Ticket): Promise<string> {
  return outputs.materialise(blob, key, stem)
}

const COPIES_AT_ONCE = 8

/**
 * Copies the files that tickets stand for into an output.
 *
 * @param tickets by path in the output
 * @throws {MeshyError} MESHY_OUTPUT_UNWRITABLE, and what {@link fileOfTicket} throws
 */
export async function redeemTickets(
  store: Store,
  folder: string,
  tickets: ReadonlyMap<string, Ticket>,
): Promise<void> {
  const targets = [...tickets].map(([name, ticket]) => ({ ticket, target: path.join(folder, name) }))
  for (const parent of new Set(targets.map(({ target }) => path.dirname(target)))) {
    await orUnwritable(parent, () => mkdir(parent, { recursive: true }), 'MESHY_OUTPUT_UNWRITABLE')
  }
  const turns = new PQueue({ concurrency: COPIES_AT_ONCE })
  await turns.addAll(
    targets.map(({ ticket, target }) => async () => {
      const file = await fileOfTicket(store, ticket)
      await orUnwritable(target, () => replaceByCopy(file, target), 'MESHY_OUTPUT_UNWRITABLE')
    }),
  )
}

/** What stands there may be read-only, or a link to somewhere else: nothing is written into it. */
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

function formatTicket({ blob, key, stem }: Ticket): string {
  const { sha256, bytes, ext } = blob
  return HEAD + JSON.stringify({ blob: { sha256, bytes, ext }, key, stem })
}

/** So few bytes take less time than another thread takes to be told. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
