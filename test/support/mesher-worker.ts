import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { threadId } from 'node:worker_threads'
import { hasErrno } from '../../src/system/errors.ts'
import { answerJobs } from '../../src/system/worker-pool.ts'
import type { PreviewModel } from '../../src/stand-in/mesher/mesher.ts'
import type { Job } from '../../src/stand-in/mesher/pool.ts'

/**
 * The mesher's worker in tests: what one of them had made is not made again, since the same input gives the same bytes
 * and most tests are about something else. It lies beside the compiled code, so that other code makes others.
 */
answerJobs(async (job: Job) => (await readMade(job)) ?? (await make(job)))

async function readMade(job: Job): Promise<PreviewModel | undefined> {
  try {
    return deserialize(await readFile(placeOf(job))) as PreviewModel
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function make(job: Job): Promise<PreviewModel> {
  const { makeMesh } = await import('../../src/stand-in/mesher/mesher.ts')
  const model = await makeMesh(job.images, job.options)
  const temporary = new URL(`${placeOf(job).href}.${process.pid}-${threadId}`)
  await writeFile(temporary, serialize(model))
  await rename(temporary, placeOf(job))
  return model
}

function placeOf({ images, options }: Job): URL {
  const hash = createHash('sha256').update(JSON.stringify(options))
  for (const image of images) hash.update(`\n${image.length}\n`).update(image)
  return new URL(`made-${hash.digest('hex')}`, import.meta.url)
}
