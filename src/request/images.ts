import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import PQueue from 'p-queue'
import { errnoOf, hasErrno, MeshyError } from '../system/errors.ts'
import { fileState, type FileState } from '../system/file.ts'
import type { Hasher } from './fingerprint.ts'
import { readImageFormat } from './image-format.ts'
import type { SourceImage } from './request.ts'

/** Reads images from disk; see {@link createImageReader}. */
export interface ImageReader {
  /**
   * Checks and hashes an image. An image that has not changed since is not read again.
   *
   * @throws {MeshyError} MESHY_IMAGE_NOT_FOUND, MESHY_IMAGE_INVALID
   */
  read(file: string, signal?: AbortSignal): Promise<SourceImage>
  /**
   * The bytes of an image, as they were when it was hashed.
   *
   * @throws {MeshyError} MESHY_IMAGE_CHANGED if they are different now
   */
  readBytes(image: SourceImage, signal?: AbortSignal): Promise<Buffer>
}

/** Remembers the results of reading a file, as long as the file stays in the same state. */
export interface ImageNotes {
  get(file: string, state: FileState): Promise<string | undefined>
  set(file: string, state: FileState, note: string): void
}

interface Reading {
  /** {@link FileState} of the file that was read. */
  state: string
  image: Promise<SourceImage>
}

const MAX_MEGABYTES = 20
const MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
/** The number of images in memory at the same time. */
const READS_AT_ONCE = 4

/**
 * Creates a reader that remembers what it has read for its own lifetime. It keeps digests, never bytes.
 *
 * @param notes remembers for longer
 */
export function createImageReader(hasher: Hasher, notes?: ImageNotes): ImageReader {
  const readings = new Map<string, Reading>()
  const reads = new PQueue({ concurrency: READS_AT_ONCE })

  async function read(file: string, signal?: AbortSignal): Promise<SourceImage> {
    signal?.throwIfAborted()
    const state = await stateOfImage(file)
    signal?.throwIfAborted()
    const known = readings.get(file)
    if (known?.state === state.text) return known.image
    const image = recallOrInspect(file, state)
    const reading = { state: state.text, image }
    readings.set(file, reading)
    // A failure is never remembered: the next import asks the disk again.
    image.catch(() => readings.get(file) === reading && readings.delete(file))
    return image
  }

  async function recallOrInspect(file: string, state: FileState): Promise<SourceImage> {
    const noted = parseNote(await notes?.get(file, state))
    if (noted) return { file, ...noted }
    const image = await reads.add(async () => inspect(file, await readImageFile(file), hasher))
    notes?.set(file, state, formatNote(image))
    return image
  }

  async function readBytes(image: SourceImage, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted()
    const bytes = await readImageFile(image.file)
    signal?.throwIfAborted()
    if (bytes.length === image.bytes && hasher.bytes(bytes) === image.hash) return bytes
    throw new MeshyError('MESHY_IMAGE_CHANGED', {
      message: `\`${image.file}\` has changed since it was read.`,
      hint: 'Save the image and build again.',
      details: { file: image.file },
    })
  }

  return { read, readBytes }
}

async function stateOfImage(file: string): Promise<FileState> {
  const stats = await stat(file, { bigint: true }).catch((error: unknown) => refuseUnreadable(file, error))
  if (!stats.isFile()) throw notFound(file, 'is not a file')
  if (stats.size > MAX_BYTES) {
    const megabytes = (Number(stats.size) / 1024 / 1024).toFixed(1)
    const problem = `has ${megabytes} MB; expected at most ${MAX_MEGABYTES} MB`
    throw invalidImage(file, problem, 'Export it smaller: 1024 to 2048 pixels are enough.')
  }
  return fileState(stats)
}

function formatNote({ hash, bytes, mime, width, height, sha256 }: SourceImage): string {
  return `${hash} ${bytes} ${mime} ${width}x${height} ${sha256}`
}

/** Undefined for anything that this release would not have written. */
function parseNote(note = ''): Omit<SourceImage, 'file'> | undefined {
  const found = /^([0-9a-f]{16}) (\d+) (image\/(?:png|jpeg)) (\d+)x(\d+) ([0-9a-f]{64})$/.exec(note)
  if (!found) return undefined
  const [, hash = '', bytes, mime, width, height, sha256 = ''] = found
  const isPng = mime === 'image/png'
  return {
    hash,
    bytes: Number(bytes),
    sha256,
    mime: isPng ? 'image/png' : 'image/jpeg',
    width: Number(width),
    height: Number(height),
  }
}

async function readImageFile(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => refuseUnreadable(file, error))
}

function inspect(file: string, bytes: Buffer, hasher: Hasher): SourceImage {
  const format = readImageFormat(bytes)
  if ('problem' in format) throw invalidImage(file, format.problem, format.hint)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { file, hash: hasher.bytes(bytes), bytes: bytes.length, sha256, ...format }
}

async function refuseUnreadable(file: string, cause: unknown): Promise<never> {
  const code = errnoOf(cause)
  if (code === undefined) throw cause
  if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
    throw notFound(file, 'does not exist', { cause, hint: await nearMiss(file) })
  throw new MeshyError('MESHY_IMAGE_INVALID', {
    message: `\`${file}\` cannot be read (${code}).`,
    hint: 'Check the file and its permissions.',
    details: { file },
    cause,
  })
}

function notFound(
  file: string,
  problem: string,
  { cause, hint }: { cause?: unknown; hint?: string | undefined } = {},
): MeshyError {
  return new MeshyError('MESHY_IMAGE_NOT_FOUND', {
    message: `\`${file}\` ${problem}; expected a PNG or JPEG image.`,
    hint:
      hint ??
      `Fix the path of \`${path.basename(file)}\`. Views and texture images are relative to the imported file.`,
    details: { file },
    cause,
  })
}

function invalidImage(file: string, problem: string, hint: string): MeshyError {
  return new MeshyError('MESHY_IMAGE_INVALID', {
    message: `\`${file}\` ${problem}.`,
    hint,
    details: { file },
  })
}

/** What an author probably meant by a file that does not exist; undefined if there is nothing similar. */
async function nearMiss(file: string): Promise<string | undefined> {
  const wanted = path.basename(file)
  const names = await readdir(path.dirname(file)).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return []
    throw error
  })
  const cut = names.find((name) => name.startsWith(`${wanted}#`))
  if (cut !== undefined) return `There is \`${cut}\`, but a path ends at a \`#\`: rename the file.`
  const alike = names.find((name) => name.normalize() === wanted.normalize())
  if (alike !== undefined)
    return `There is \`${alike}\`, whose accents are encoded differently: rename the file.`
  const other = names.find((name) => foldCase(name) === foldCase(wanted))
  return other && `There is \`${other}\`: paths are case-sensitive.`
}

function foldCase(name: string): string {
  return name.normalize().toLowerCase()
}
