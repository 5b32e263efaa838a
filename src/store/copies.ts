import { join } from 'node:path'
import { SingleFlight } from '../system/once.ts'
import { digestFile, isPresent, statusOf } from './digest.ts'
import { ifIntact } from './disk-errors.ts'
import type { BlobRef } from './entry.ts'
import { listFolder, type Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { takeFile } from './take-file.ts'

/** Outputs as a source of blobs that were deleted or damaged: each is a copy of one. */
export interface Copies {
  /**
   * The absolute path of an output with the bytes of `ref`, under any name: an image may have been renamed.
   *
   * @param folder the folder of its outputs: a key, or that of a derived file
   */
  find(ref: BlobRef, folder: string): Promise<string | undefined>
  /**
   * Gives a blob the bytes of an output that {@link find} finds. @returns whether there is one
   *
   * @throws MESHY_CACHE_UNWRITABLE
   */
  restore(ref: BlobRef, folder: string): Promise<boolean>
  /**
   * Gives a blob the bytes of an output that is about to be used. Where nothing can be written, the output is all there
   * is. @returns false if the output turns out to be wrong
   */
  refill(ref: BlobRef, output: string): Promise<boolean>
}

export function createCopies(layout: Layout, prepare = createPreparation(layout)): Copies {
  const flights = new SingleFlight()
  const take = (ref: BlobRef, output: string) =>
    flights.join(`${ref.sha256} ${output}`, async () => {
      await prepare()
      return (await takeFile(layout, { file: output, ref }, { durable: true })) === 'ok'
    })
  // Whoever needs the bytes may still get them elsewhere.
  const find = (ref: BlobRef, folder: string) =>
    ifIntact(() => findOutput(join(layout.out, folder), ref), ['MESHY_CACHE_UNREADABLE'])
  return {
    find,
    restore: async (ref, folder) => {
      const output = await find(ref, folder)
      return output !== undefined && (await take(ref, output))
    },
    refill: async (ref, output) =>
      (await ifIntact(() => take(ref, output), ['MESHY_CACHE_UNWRITABLE'])) !== false,
  }
}

async function findOutput(folder: string, ref: BlobRef): Promise<string | undefined> {
  for (const name of await listFolder(folder)) {
    const file = join(folder, name)
    const isCandidate = name.endsWith(`.${ref.ext}`) && (await isPresent(file, ref))
    if (isCandidate && statusOf(await digestFile(file), ref) === 'ok') return file
  }
  return undefined
}
