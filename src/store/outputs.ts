import { createHash } from 'node:crypto'
import { constants, rmSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import PQueue from 'p-queue'
import { hasCode, hasErrno } from '../system/errors.ts'
import { inFolder, replaceFile, temporaryPath } from '../system/durable.ts'
import { once, SingleFlight } from '../system/once.ts'
import { createCopies, type Copies } from './copies.ts'
import { statusOf, blobUnusable, isBlobUnusable, isPresent, createFileDigester } from './digest.ts'
import type { BlobStatus } from './digest.ts'
import type { BlobRef } from './entry.ts'
import { createVerifiedFiles, readFileState, type VerifiedFiles } from './verified-files.ts'
import { createLayout, type Layout, safeFileName } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { orUnwritable } from './disk-errors.ts'

/** Blobs under readable names: bundlers name what they emit after the file that they read. */
export interface Outputs {
  /** What is known about files that were read. */
  notes: VerifiedFiles
  /**
   * The absolute path of a file with the bytes of `ref`, named after `name`. Its bytes are read and checked unless this
   * has been done since it last changed; a wrong file is created again from the blob, and a missing blob from the file.
   * If the cache is read-only, the file is in a temporary folder.
   *
   * @param name a file name without extension; anything unsafe in it is replaced
   * @throws MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_BLOB_LFS_POINTER, MESHY_CACHE_UNWRITABLE
   */
  materialise(ref: BlobRef, key: string, name: string): Promise<string>
  /**
   * The absolute path of any file with the bytes of `ref`, for runs that must write nothing.
   *
   * @throws MESHY_BLOB_MISSING, MESHY_BLOB_DAMAGED, MESHY_BLOB_LFS_POINTER
   */
  locate(ref: BlobRef, key: string, name: string): Promise<string>
  /** The temporary folder that stands in for a cache that is read-only, laid out like it. */
  spare(): Promise<Layout>
}

export function createOutputs(
  layout: Layout,
  prepare = createPreparation(layout),
  notes = createVerifiedFiles(layout, prepare),
  copies = createCopies(layout, prepare),
): Outputs {
  // Bundlers ask for hundreds at once. Processing more at a time is not faster, and each needs a buffer.
  const turns = new PQueue({ concurrency: 8 })
  const digest = createFileDigester()
  const statusOfFile: StatusOfFile = async (file, ref) => statusOf(await digest(file), ref)
  const sources: Sources = { layout, statusOfFile, copies }
  const running = new SingleFlight()
  const targetOf = (ref: BlobRef, key: string, name: string, { output } = layout) =>
    output(key, `${safeFileName(name)}.${ref.ext}`)
  const spare = once(() => makeSpareLayout(layout))
  const ensureElsewhere = async (ref: BlobRef, key: string, name: string): Promise<string> => {
    const elsewhere = await spare()
    const target = targetOf(ref, key, name, elsewhere)
    const wanted = { ref, key, target, tmp: elsewhere.tmp }
    if ((await statusOfFile(target, ref)) !== 'ok') await makeOutput(sources, wanted)
    return target
  }
  /** Clones, `verify` and `push` need the blob. @returns false if the output is wrong after all */
  const hasBlob = async (ref: BlobRef, output: string): Promise<boolean> =>
    (await isPresent(layout.blob(ref), ref)) || copies.refill(ref, output)
  const ensure = async (target: string, ref: BlobRef, key: string): Promise<void> => {
    const found = await readFileState(target)
    const isNoted = found !== undefined && (await notes.get(target, found)) === ref.sha256
    const isRight = isNoted || (await statusOfFile(target, ref)) === 'ok'
    const isAsFound = isRight && (await hasBlob(ref, target))
    if (isNoted && isAsFound) return
    if (!isAsFound) {
      await prepare()
      const source = await makeOutput(sources, { ref, key, target, tmp: layout.tmp })
      if (source !== layout.blob(ref)) await copies.refill(ref, source)
    }
    const state = isAsFound ? found : await readFileState(target)
    if (state) notes.set(target, state, ref.sha256)
  }
  const make = async (ref: BlobRef, key: string, name: string): Promise<string> => {
    const target = targetOf(ref, key, name)
    try {
      await ensure(target, ref, key)
      return target
    } catch (error) {
      if (isReadOnly(error)) return await ensureElsewhere(ref, key, name)
      throw error
    }
  }
  return {
    notes,
    spare,
    materialise: async (ref, key, name) => {
      const id = `${ref.sha256} ${targetOf(ref, key, name)}`
      return await running.join(id, () => turns.add(() => make(ref, key, name)))
    },
    locate: async (ref, key, name) =>
      turns.add(() => findBytes(sources, { ref, key, target: targetOf(ref, key, name) })),
  }
}

/** A checkout that belongs to another user, or is on a read-only volume. */
export function isReadOnly(error: unknown): boolean {
  if (!hasCode(error, 'MESHY_CACHE_UNWRITABLE')) return false
  return ['EACCES', 'EPERM', 'EROFS'].includes(String(error.details['errno']))
}

/**
 * A folder of this process only, which is removed with it. What a killed process leaves is for the system to clean up.
 *
 * Bundlers show where a file was, in manifests and source maps: two builds of a checkout say the same.
 */
async function makeSpareLayout({ root }: Layout): Promise<Layout> {
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const folder = await realpath(await makeOwnFolder(join(tmpdir(), `unplugin-meshy-${digest}-`)))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return createLayout(folder)
}

/** More builds of one checkout than run at the same time. */
const MOST_SPARES = 32

/** A new folder for nobody else: its name ends with the first free number. */
async function makeOwnFolder(start: string): Promise<string> {
  for (let number = 0; number < MOST_SPARES; number++) {
    try {
      await mkdir(start + number, { mode: 0o700 })
      return start + number
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error
    }
  }
  return mkdtemp(start)
}

/** Compares the bytes of a file with what they should be. */
type StatusOfFile = (file: string, ref: BlobRef) => Promise<BlobStatus>

interface Sources {
  layout: Layout
  statusOfFile: StatusOfFile
  copies: Copies
}

interface WantedOutput {
  ref: BlobRef
  key: string
  target: string
  tmp: string
}

/** Any file with the bytes of an output. Writes nothing. */
async function findBytes(
  { layout, statusOfFile, copies }: Sources,
  { ref, key, target }: Omit<WantedOutput, 'tmp'>,
): Promise<string> {
  if ((await statusOfFile(target, ref)) === 'ok') return target
  const blob = layout.blob(ref)
  const status = await statusOfFile(blob, ref)
  if (status === 'ok') return blob
  const copy = await copies.find(ref, key)
  if (copy === undefined) throw blobUnusable(blob, status)
  return copy
}

/** Makes an output from its blob, or else from one of another name. @returns what it was made from */
async function makeOutput(
  { layout, statusOfFile, copies }: Sources,
  { key, ...wanted }: WantedOutput,
): Promise<string> {
  const { ref } = wanted
  const blob = layout.blob(ref)
  try {
    await copyChecked(statusOfFile, { ...wanted, source: blob })
    return blob
  } catch (error) {
    const copy = isBlobUnusable(error) ? await copies.find(ref, key) : undefined
    if (copy === undefined) throw error
    await copyChecked(statusOfFile, { ...wanted, source: copy })
    return copy
  }
}

/**
 * The copy is checked, not the blob: what gets the name was correct when it was complete. Nothing is synced before a
 * note is to last: what a power failure truncates until then is found to be wrong, and created again from the blob.
 */
async function copyChecked(
  statusOfFile: StatusOfFile,
  { ref, target, source, tmp }: Omit<WantedOutput, 'key'> & { source: string },
): Promise<void> {
  const copy = temporaryPath(tmp)
  try {
    await copyFileTo(source, copy)
    const status = await statusOfFile(copy, ref)
    if (status !== 'ok') throw blobUnusable(source, status)
    await orUnwritable(target, async () => {
      // Writable: other programs overwrite it with copies and restored caches. Its bytes are checked before each use.
      await chmod(copy, 0o644)
      const accept = async () => (await statusOfFile(target, ref)) === 'ok' || makeWay(target)
      await inFolder(dirname(target), () => replaceFile(copy, target, accept), { durable: false })
    })
  } finally {
    await rm(copy, { force: true })
  }
}

/** Shares the bytes on the disk if the file system can (APFS, Btrfs, XFS, ReFS), otherwise copies them. */
async function copyFileTo(source: string, copy: string): Promise<void> {
  await orUnwritable(copy, async () => {
    const step = () => copyFile(source, copy, constants.COPYFILE_FICLONE)
    try {
      await inFolder(dirname(copy), step, { durable: false })
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) throw blobUnusable(source, 'missing')
      throw error
    }
  })
}

/** Windows does not replace a read-only file. @returns false: the file still has to be renamed */
async function makeWay(target: string): Promise<false> {
  if (process.platform === 'win32') {
    await chmod(target, 0o666)
    await rm(target, { force: true })
  }
  return false
}
