import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isMeshyError } from '../../errors.ts'
import { orUnwritable } from '../../store/unwritable.ts'
import type { Context } from '../context.ts'

/** It must exist before the module is handed out: bundlers do not watch what is not there. */
export async function ensureStateFile({ store }: Context, key: string): Promise<string> {
  const file = store.layout.state(key)
  await store.prepare()
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, '', { flag: 'a' })
  return file
}

/** Nobody waits for this: where the file cannot be written, a server must go on. */
export async function touchStateFile({ store, clock, logger }: Context, key: string): Promise<void> {
  const file = store.layout.state(key)
  try {
    await orUnwritable(file, () => writeFile(file, `done ${clock.now()}\n`))
  } catch (error) {
    if (!isMeshyError(error)) throw error
    logger.warn(`meshy: ${error.message} Reload the page to see the model.`)
  }
}
