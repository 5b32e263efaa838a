import { describe, expect, it } from 'vitest'
import { startGenerating } from '../support/generate-child.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('Interrupt', () => {
  const { path } = useTempDir()

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'says what is on its way at %s, stops, and pays once',
    async (signal) => {
      await writePictures(path(), 'hero.png', 'tree.png')
      const emulator = await startService({ taskMs: 6_000 })
      const specifiers = ['hero.png?meshy', 'tree.png?meshy']
      const child = startGenerating(path(), emulator, { specifiers })
      const heard = new Promise<void>((resolve) => {
        let text = ''
        child.child.stderr?.on('data', (chunk: string) => {
          text += chunk
          if (
            /hero\.png: in progress[^]*tree\.png: in progress|tree\.png: in progress[^]*hero\.png: in progress/.test(
              text,
            )
          )
            resolve()
        })
      })

      await heard
      child.child.kill(signal)
      const ended = await child.exited

      expect(ended).toMatchObject({ code: null, signal })
      expect(ended.stderr).toMatch(/stopped\. On their way: (hero\.png, tree\.png|tree\.png, hero\.png)\./)
      const { loadAll } = await openRun({ root: path(), service: emulator })
      expect(await loadAll(specifiers)).toMatchObject([
        { metadata: { state: 'ready' } },
        { metadata: { state: 'ready' } },
      ])
      expect(emulator.counts.posts).toBe(2)
    },
  )

  it('listens to no signal when nothing is on its way', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const { load, context } = await openRun({ root: path(), service: emulator })
    const listeners: number[] = []
    context.ports.models.subscribe(({ work }) => {
      if (typeof work?.step === 'object') listeners.push(process.listenerCount('SIGINT'))
    })
    const before = process.listenerCount('SIGINT')

    await load('hero.png?meshy')

    expect(new Set(listeners)).toEqual(new Set([before + 1]))
    expect(process.listenerCount('SIGINT')).toBe(before)
  })
})
