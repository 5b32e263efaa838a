import { unwatchFile, watchFile } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Options } from '../../../src/index.ts'
import { openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const IMPORT = 'hero.png?meshy'
/** What git brings, and what a copied cache does. */
const PULLED = ['meshy-lock.json', '.meshy/blobs']
const COPIED = ['.meshy/blobs', '.meshy/entries']

describe('a stand-in that nobody here works on', () => {
  const temp = useTempDir()

  const cases: [string, Options, string[]][] = [
    ['asks', { mode: 'ask' }, PULLED],
    ['shows stand-ins', { mode: 'preview' }, PULLED],
    ['asks, without a lockfile', { mode: 'ask', lockfile: false }, COPIED],
  ]
  it.each(cases)(
    'makes way for a model that comes from elsewhere, where a server %s',
    async (...[, o, files]) => {
      const service = await startService()
      const [here, elsewhere] = [temp.path('here'), temp.path('elsewhere')]
      for (const root of [here, elsewhere]) await writePictures(root, 'hero.png')
      const { load } = await openRun({ root: here, service, options: o, live: true })
      const standIn = await load(IMPORT)
      expect(standIn.metadata.state).toBe('preview')

      await (await openRun({ root: elsewhere, service, options: { ...o, mode: 'generate' } })).load(IMPORT)
      for (const file of files)
        await cp(path.join(elsewhere, file), path.join(here, file), { recursive: true })

      const told = () => readFile(standIn.stateFile?.path ?? '', 'utf8')
      await expect.poll(told, { timeout: 20_000 }).toMatch(/^done/)
      expect((await load(IMPORT)).metadata.state).toBe('ready')
      expect(service.counts.posts).toBe(1)
    },
  )

  it('is looked for as long as its server is open, and again where one opens anew', async () => {
    const service = await startService()
    const root = temp.path('here')
    await writePictures(root, 'hero.png')
    const { load, context } = await openRun({ root, service, options: { mode: 'ask' }, live: true })
    const lockfile = path.join(root, 'meshy-lock.json')

    await load(IMPORT)
    expect(countWatchers(lockfile)).toBe(1)
    context.stopWatching()
    expect(countWatchers(lockfile)).toBe(0)
    await load(IMPORT)
    expect(countWatchers(lockfile)).toBe(1)
    context.stopWatching()
  })
})

/** Those that listen to changes of a file in this process, besides this one. */
function countWatchers(file: string): number {
  const listener = () => {}
  const count = watchFile(file, { persistent: false }, listener).listenerCount('change')
  unwatchFile(file, listener)
  return count - 1
}
