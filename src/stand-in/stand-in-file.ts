import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { hasCode, hasErrno } from '../system/errors.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { writeAtomically } from '../system/durable.ts'
import { orUnwritable } from '../store/disk-errors.ts'
import { isReadOnly } from '../store/outputs.ts'
import type { Store } from '../store/open-store.ts'
import { writeGlb } from '../glb/write.ts'

/** A free local model that is shown while, or instead of, the real one. Never in entries or lockfile. */
export interface StandIn {
  path: string
  sha256: string
  bytes: number
  facts: Facts
}

type Description = Omit<StandIn, 'path'>

/**
 * Stores a stand-in, with its description beside it: a page with many stand-ins would otherwise have to wait until all
 * were read again. If the cache is read-only, the file is in a temporary folder.
 */
export async function writeStandIn(
  { prepare, layout, outputs }: Store,
  file: string,
  glb: Uint8Array,
): Promise<StandIn> {
  const description = describe(glb)
  const writeIn = async (target: string, tmp: string): Promise<StandIn> => {
    await writeAtomically(target, glb, tmp)
    await writeAtomically(descriptionOf(target), JSON.stringify(description), tmp)
    return { path: target, ...description }
  }
  try {
    await prepare()
    return await orUnwritable(file, () => writeIn(file, layout.tmp))
  } catch (error) {
    if (!isReadOnly(error)) throw error
    const { root, tmp } = await outputs.spare()
    return writeIn(path.join(root, path.relative(layout.root, file)), tmp)
  }
}

/** The stand-in in a file; undefined if there is none that is complete. */
export async function readStandIn(file: string): Promise<StandIn | undefined> {
  try {
    const description = (await readDescription(file)) ?? describe(await readFile(file))
    return { path: file, ...description }
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasCode(error, 'MESHY_GLB_INVALID')) return undefined
    throw error
  }
}

/** What was written beside a stand-in; undefined if it does not describe the current file. */
async function readDescription(file: string): Promise<Description | undefined> {
  try {
    const description = JSON.parse(await readFile(descriptionOf(file), 'utf8')) as Description
    return description.bytes === (await stat(file)).size ? description : undefined
  } catch (error) {
    // A crash may have truncated it, because it is not synced.
    if (hasErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

function describe(glb: Uint8Array): Description {
  const sha256 = createHash('sha256').update(glb).digest('hex')
  return { sha256, bytes: glb.length, facts: inspectGlb(glb) }
}

function descriptionOf(file: string): string {
  return `${file}.json`
}

/** Writes the smallest model, for which no image is read, to stand in for all models in a plan. */
export async function writePlanStandIn(file: string): Promise<StandIn> {
  const triangle = {
    positions: new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]),
    normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
    indices: [0, 1, 2],
  }
  const glb = writeGlb({ name: 'plan', generator: 'unplugin-meshy plan', parts: [triangle] })
  await writeFile(file, glb)
  return { path: file, ...describe(glb) }
}
