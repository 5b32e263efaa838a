import { describe, expect, it, onTestFinished } from 'vitest'
import { startGate } from '../support/gate.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('a run that is aborted, as when a server closes', () => {
  const { path } = useTempDir()

  it.each([
    ['the submission is on its way', 'POST'],
    ['the submission is answered', 'GET /stream'],
    ['the account is listed', 'GET ?page_num'],
  ])('ends at once, and the next one pays once, when %s', async (_, moment) => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const gate = await startGate(emulator, onTestFinished)
    const service = { url: gate.url, apiKey: emulator.apiKey }
    const end = new AbortController()
    const { load } = await openRun({ root: path(), service, signal: end.signal })
    const [method = '', part = ''] = moment.split(' ')
    let held = () => {}
    gate.onAnswer = async (request) => {
      if (request.method !== method || !request.path.includes(part)) return
      end.abort(new Error('The server closes'))
      await new Promise<void>((resolve) => (held = resolve))
    }

    await expect(load(SPECIFIER)).rejects.toThrow('The server closes')
    gate.onAnswer = () => {}
    held()

    expect(await (await openRun({ root: path(), service })).load(SPECIFIER)).toMatchObject({
      metadata: { state: 'ready' },
    })
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })
})
