import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { makeCard } from '../glb/card.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import type { Request } from '../request/request.ts'
import { safeFileName } from '../store/safe-name.ts'
import { writeDurably } from '../system/durable.ts'
import { hasErrno } from '../system/errno.ts'
import type { Context } from './context.ts'

/** A free local model that is shown while, or instead of, the real one. Never in entries or lockfile. */
export interface StandIn {
  path: string
  sha256: string
  bytes: number
  facts: Facts
}

/** Makes the stand-in of a request, or finds the one that was made before. */
export async function makeStandIn(context: Context, request: Request): Promise<StandIn> {
  const file = path.join(context.store.layout.preview, request.key, `${safeFileName(request.name)}.glb`)
  return (await readStandIn(file)) ?? writeStandIn(context, request, file)
}

async function writeStandIn(
  { readImage, store, signal }: Context,
  request: Request,
  file: string,
): Promise<StandIn> {
  const [image] = request.images
  if (!image) throw new TypeError('A request has at least one image.')
  const glb = makeCard({
    image: await readImage.readBytes(image, signal),
    name: request.name,
    textured: request.params['should_texture'] !== false,
  })
  await store.prepare()
  await writeDurably(file, glb)
  return describe(file, glb)
}

async function readStandIn(file: string): Promise<StandIn | undefined> {
  try {
    return describe(file, await readFile(file))
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function describe(file: string, glb: Uint8Array): StandIn {
  const sha256 = createHash('sha256').update(glb).digest('hex')
  return { path: file, sha256, bytes: glb.length, facts: inspectGlb(glb) }
}
