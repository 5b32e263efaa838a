import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { inspectGlb } from '../glb/inspect.ts'
import { writeGlb } from '../glb/write.ts'
import type { StandIn } from './stand-in-file.ts'

/** Writes the smallest model, which no picture is read for, to stand in for all in a plan. */
export async function writePlanStandIn(file: string): Promise<StandIn> {
  const triangle = {
    positions: new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]),
    normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
    indices: [0, 1, 2],
  }
  const glb = writeGlb({ name: 'plan', generator: 'unplugin-meshy plan', parts: [triangle] })
  await writeFile(file, glb)
  const sha256 = createHash('sha256').update(glb).digest('hex')
  return { path: file, facts: inspectGlb(glb), bytes: glb.length, sha256 }
}
