import path from 'node:path'
import { formatThrown, isMeshyError, type ErrorCode } from '../../errors.ts'
import { makeCard } from '../../glb/card.ts'
import type { Request } from '../../request/request.ts'
import { safeFileName } from '../../store/safe-name.ts'
import type { Context } from '../context.ts'
import { readStandIn, writeStandIn, type StandIn } from './stand-in-file.ts'

/** How long a live page waits for the mesh. What is not ready by then is a card now, and the mesh on the next load. */
const PATIENCE_MS = 400
/**
 * Meshes that are wanted at once and cannot all be ready in time. A browser asks for six modules at a time, so that six
 * that wait hold up all others.
 */
const CROWD = 5
const GATHER_MS = 50
const CROWD_DELAY_MS = 1500
const FLIGHT = 'stand-in '
/** More triangles make a stand-in slower and not better. */
const MAX_TRIANGLES = 30_000
/** Why there is a card instead of a mesh; the card shows the picture all the same. */
const CARD_CODES: ReadonlySet<ErrorCode> = new Set(['MESHY_PREVIEW_UNAVAILABLE', 'MESHY_PREVIEW_CRASHED'])

/** A stand-in as it is shown now. */
export interface ShownStandIn extends StandIn {
  /**
   * Set for a card that is shown because the mesh takes too long: resolves when that is over, with whether the mesh is
   * stored now, so that the next load gives it.
   */
  improved?: Promise<boolean> | undefined
}

/**
 * Makes the stand-in of a request, or finds the one that was made before: a mesh of the picture, or a card of it where
 * the mesher's libraries are missing, or where a live page would have to wait.
 */
export async function makeStandIn(context: Context, request: Request): Promise<ShownStandIn> {
  const known = await readStandIn(fileOf(context, request, 'mesh'))
  if (known) return known
  const mesh = context.flights.join(FLIGHT + request.key, () => meshInTurn(context, request))
  if (!context.live) return (await mesh) ?? cardStandIn(context, request)
  const winner = await Promise.race([mesh, patience(context)])
  if (winner === undefined) return cardStandIn(context, request)
  if (winner !== 'late') return winner
  return { ...(await cardStandIn(context, request)), improved: isStored(context, request, mesh) }
}

/** Leaves the processor to a page that needs many before it makes them. */
async function meshInTurn(context: Context, request: Request): Promise<StandIn | undefined> {
  if (context.live && (await isCrowd(context))) await context.clock.sleep(CROWD_DELAY_MS, context.signal)
  return meshStandIn(context, request)
}

/** Resolves when a page should wait no longer: soon where it wants many, which cannot all be ready in time. */
async function patience(context: Context): Promise<'late'> {
  if (!(await isCrowd(context))) await context.clock.sleep(PATIENCE_MS - GATHER_MS)
  return 'late'
}

/** Never rejects, since nobody waits for a mesh that is late: what keeps it from being made is told, and the card stays. */
async function isStored(
  { signal, logger }: Context,
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

async function isCrowd({ flights, clock }: Context): Promise<boolean> {
  const isMet = () => flights.count(FLIGHT) >= CROWD
  if (isMet()) return true
  await clock.sleep(GATHER_MS)
  return isMet()
}

/** Undefined where no mesh can be made, which is told once. */
async function meshStandIn(context: Context, request: Request): Promise<StandIn | undefined> {
  const { params, images, name } = request
  try {
    const { glb, notes } = await context.mesher.make(
      await Promise.all(images.map((image) => context.readImage.readBytes(image, context.signal))),
      {
        name,
        triangles: Math.min(Number(params['target_polycount'] ?? MAX_TRIANGLES), MAX_TRIANGLES),
        texture: params['should_texture'] !== false,
        pbr: params['enable_pbr'] === true,
      },
    )
    for (const note of notes) context.notices.once(`${request.imageName}: ${note}`)
    return await writeStandIn(context.store, fileOf(context, request, 'mesh'), glb)
  } catch (error) {
    if (!isMeshyError(error) || !CARD_CODES.has(error.code)) throw error
    context.notices.once(`stand-ins are cards: ${error.message}`)
    return undefined
  }
}

async function cardStandIn(context: Context, request: Request): Promise<StandIn> {
  const file = fileOf(context, request, 'card')
  const [image] = request.images
  if (!image) throw new TypeError('A request has at least one image.')
  const known = await readStandIn(file)
  if (known) return known
  const picture = await context.readImage.readBytes(image, context.signal)
  const textured = request.params['should_texture'] !== false
  return writeStandIn(context.store, file, makeCard({ image: picture, name: request.name, textured }))
}

function fileOf({ store }: Context, { key, name }: Request, kind: 'mesh' | 'card'): string {
  return path.join(store.layout.preview, key, kind, `${safeFileName(name)}.glb`)
}
