import path from 'node:path'
import { hasCode, formatThrown, isMeshyError, type ErrorCode } from '../system/errors.ts'
import { makeCard } from './card.ts'
import { tidyJpeg } from '../request/jpeg.ts'
import type { Request, SourceImage } from '../request/request.ts'
import { safeFileName } from '../store/layout.ts'
import type { ImageReader } from '../request/images.ts'
import type { Store } from '../store/open-store.ts'
import type { Clock } from '../system/clock.ts'
import type { Logger, Notices } from '../system/logger.ts'
import type { SingleFlight } from '../system/once.ts'
import type { PreviewPool } from './mesher/pool.ts'
import { readStandIn, writeStandIn, type StandIn } from './stand-in-file.ts'

/**
 * How long a live page waits for the mesh. If it is not ready by then, a card is shown now, and the mesh on the next
 * load.
 */
const PATIENCE_MS = 400
/**
 * The number of requested meshes from which not all can be ready in time. A browser asks for six modules at a time, so
 * six that wait hold up all others.
 */
const CROWD = 5
const GATHER_MS = 50
const CROWD_DELAY_MS = 1500
const FLIGHT = 'stand-in '
/** More triangles make a stand-in slower but not better. */
const MAX_TRIANGLES = 30_000
/** No browser decodes more, and no graphics card accepts it. */
const MAX_SHOWN_PIXELS = 1e8
/** What may have become of an image that was read before. */
const CHANGED_CODES: readonly ErrorCode[] = [
  'MESHY_IMAGE_CHANGED',
  'MESHY_IMAGE_INVALID',
  'MESHY_IMAGE_NOT_FOUND',
]

/** A stand-in as it is shown now. */
export interface ShownStandIn extends StandIn {
  /**
   * Set for a card that is shown because the mesh takes too long: resolves when that is over, with whether the mesh is
   * stored now, so that the next load shows it.
   */
  improved?: Promise<boolean> | undefined
}

/** What making stand-ins needs from a run. */
interface StandInPorts {
  store: Store & { images: ImageReader }
  mesher: PreviewPool
  flights: SingleFlight
  /** Whether the bundler serves or watches, so that nobody waits. */
  isLive: boolean
  notices: Notices
  logger: Logger
  clock: Clock
  signal: AbortSignal
}

/** The stand-ins of a run. */
export interface StandIns {
  make(request: Request): Promise<ShownStandIn>
}

export function createStandIns(ports: StandInPorts): StandIns {
  const made = new Map<string, StandIn>()
  return { make: (request) => makeStandIn({ ...ports, made }, request) }
}

interface MakerPorts extends StandInPorts {
  /** By their places in the cache: those of this run that are elsewhere, because the cache is read-only. */
  made: Map<string, StandIn>
}

/**
 * Makes the stand-in of a request, or finds the one that was made before: a mesh of the image, or a card if the
 * mesher's libraries are missing, or if a live page would have to wait.
 */
async function makeStandIn(ports: MakerPorts, request: Request): Promise<ShownStandIn> {
  const known = await findStandIn(ports, fileOf(ports, request, 'mesh'))
  if (known) return known
  const mesh = ports.flights.join(FLIGHT + request.key, () => meshInTurn(ports, request))
  if (!ports.isLive) return (await mesh) ?? cardStandIn(ports, request)
  const winner = await Promise.race([mesh, patience(ports)])
  if (winner === undefined) return cardStandIn(ports, request)
  if (winner !== 'late') return winner
  return { ...(await cardStandIn(ports, request)), improved: isStored(ports, request, mesh) }
}

/** Leaves the processor to a page that needs many stand-ins before it makes them. */
async function meshInTurn(ports: MakerPorts, request: Request): Promise<StandIn | undefined> {
  if (ports.isLive && (await isCrowd(ports))) await ports.clock.sleep(CROWD_DELAY_MS, ports.signal)
  return meshStandIn(ports, request)
}

/** Resolves when a page should wait no longer: soon if it wants many, which cannot all be ready in time. */
async function patience(ports: StandInPorts): Promise<'late'> {
  if (!(await isCrowd(ports))) await ports.clock.sleep(PATIENCE_MS - GATHER_MS)
  return 'late'
}

/** Never rejects, because nobody waits for a late mesh: what prevents it is reported, and the card stays. */
async function isStored(
  { signal, logger }: StandInPorts,
  { imageName }: Request,
  mesh: Promise<StandIn | undefined>,
): Promise<boolean> {
  try {
    return (await mesh) !== undefined
  } catch (error) {
    if (signal.aborted) return false
    logger.warn(`meshy: ${imageName}: its stand-in stays a card. ${formatThrown(error)}`)
    return false
  }
}

async function isCrowd({ flights, clock }: StandInPorts): Promise<boolean> {
  const isMet = () => flights.count(FLIGHT) >= CROWD
  if (isMet()) return true
  await clock.sleep(GATHER_MS)
  return isMet()
}

/** Undefined if no mesh can be made, for whatever reason, which is reported once: a card shows the image anyway. */
async function meshStandIn(ports: MakerPorts, request: Request): Promise<StandIn | undefined> {
  const model = await makeMesh(ports, request).catch((error: unknown) => tellCard(ports, request, error))
  if (!model) return undefined
  for (const note of model.notes) ports.notices.once(`${request.imageName}: ${note}`)
  return keepStandIn(ports, fileOf(ports, request, 'mesh'), model.glb)
}

async function makeMesh(
  { mesher, store: { images: reader }, signal }: StandInPorts,
  { params, images, name }: Request,
) {
  const read = async (image: SourceImage) => {
    const bytes = await reader.readBytes(image, signal)
    return image.mime === 'image/jpeg' ? tidyJpeg(bytes) : bytes
  }
  return mesher.make(await Promise.all(images.map((image) => read(image))), {
    name,
    triangles: Math.min(Number(params['target_polycount'] ?? MAX_TRIANGLES), MAX_TRIANGLES),
    texture: params['should_texture'] !== false,
    pbr: params['enable_pbr'] === true,
  })
}

function tellCard({ signal, notices }: StandInPorts, { imageName }: Request, error: unknown): undefined {
  const code = isMeshyError(error) ? error.code : undefined
  if (signal.aborted || code === 'MESHY_ABORTED') throw error
  const isOfAll = isMeshyError(error) && code === 'MESHY_PREVIEW_UNAVAILABLE'
  notices.once(
    isOfAll
      ? `stand-ins are cards: ${error.message}`
      : `${imageName}: its stand-in is a card. ${formatThrown(error)}`,
  )
}

/** The last resort: a plain plate, if the image itself is too large to be shown, or has disappeared in the meantime. */
async function cardStandIn(ports: MakerPorts, request: Request): Promise<StandIn> {
  const { name, images, params } = request
  const [image] = images
  if (!image) throw new TypeError('A request has at least one image.')
  const file = fileOf(ports, request, 'card')
  const known = await findStandIn(ports, file)
  if (known) return known
  const textured = params['should_texture'] !== false && image.width * image.height <= MAX_SHOWN_PIXELS
  const picture = await readPicture(ports, image)
  const card = makeCard({ ...image, image: picture, name, textured })
  return keepStandIn(ports, picture ? file : fileOf(ports, request, 'plate'), card)
}

async function findStandIn({ made }: MakerPorts, file: string): Promise<StandIn | undefined> {
  return (await readStandIn(file)) ?? made.get(file)
}

async function keepStandIn({ store, made }: MakerPorts, file: string, glb: Uint8Array): Promise<StandIn> {
  const standIn = await writeStandIn(store, file, glb)
  if (standIn.path !== file) made.set(file, standIn)
  return standIn
}

/** Undefined for an image that was saved again, or moved, at the last moment: its module is loaded again. */
async function readPicture({ store, signal }: StandInPorts, image: SourceImage): Promise<Buffer | undefined> {
  try {
    return await store.images.readBytes(image, signal)
  } catch (error) {
    if (hasCode(error, ...CHANGED_CODES)) return undefined
    throw error
  }
}

function fileOf({ store }: StandInPorts, { key, name }: Request, kind: 'mesh' | 'card' | 'plate'): string {
  return path.join(store.layout.preview, key, kind, `${safeFileName(name)}.glb`)
}
