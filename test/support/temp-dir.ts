import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach } from 'vitest'

/**
 * A new empty folder for each test of the file or `describe`. Call `path` within a test.
 *
 * It is removed when the test is finished, after whatever the test itself has registered with `onTestFinished`.
 */
export function useTempDir(): { path(...parts: string[]): string } {
  let folder = ''
  beforeEach(async ({ onTestFinished }) => {
    const made = await realpath(await mkdtemp(join(tmpdir(), 'unplugin-meshy-')))
    folder = made
    // What a live run still writes in the background may come in between.
    onTestFinished(() => rm(made, { recursive: true, force: true, maxRetries: 10 }))
  })
  return { path: (...parts) => join(folder, ...parts) }
}
