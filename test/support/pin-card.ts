import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pinOwnBytes } from '../../src/cli/pin.ts'
import { makeCard } from '../../src/stand-in/card.ts'
import { loadRequest, openRun, type RunInit } from './run.ts'

/** Pins a model of one's own for an import, as another terminal does. @returns its bytes */
export async function pinCard({ specifier, ...init }: RunInit & { specifier: string }): Promise<Buffer> {
  const { context } = await openRun(init)
  const [file, glb] = [path.join(init.root, 'own.glb'), Buffer.from(makeCard({ name: 'own' }))]
  await writeFile(file, glb)
  await pinOwnBytes(context, await loadRequest(context, init.root, specifier), file)
  return glb
}
