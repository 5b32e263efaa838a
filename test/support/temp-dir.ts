import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** A new empty folder for each test of the file or `describe`, removed afterwards. Call `path` within a test. */
export function useTempDir(): { path(...parts: string[]): string } {
  let folder = ''
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'unplugin-meshy-')))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })
  return { path: (...parts) => join(folder, ...parts) }
}
