import { describe, expect, it, onTestFinished } from 'vitest'
import type { StartOptions } from '../../src/emulator.ts'
import { startGate } from '../support/gate.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const READY = { metadata: { state: 'ready' } }
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('a proxy whose clock is wrong', () => {
  const { path } = useTempDir()

  async function setUp(options: StartOptions = {}) {
    await writePictures(path('one'), 'hero.png')
    await writePictures(path('two'), 'hero.png')
    const emulator = await startService(options)
    const gate = await startGate(emulator, onTestFinished)
    return { emulator, gate, behind: { url: gate.url, apiKey: emulator.apiKey } }
  }

  it.each([-4 * DAY, 4 * DAY])('hides no task of another machine (%i ms ahead)', async (aheadMs) => {
    const { emulator, gate, behind } = await setUp()
    await leaveOnItsWay(path('one'), emulator, SPECIFIER)
    gate.aheadMs = aheadMs

    expect(await (await openRun({ root: path('two'), service: behind })).load(SPECIFIER)).toMatchObject(READY)

    expect(emulator.counts.created).toBe(1)
  })

  it.each([0, 10 * MINUTE, 4 * DAY])(
    'hides no task that was submitted after the account was listed (%i ms ahead)',
    async (aheadMs) => {
      const { emulator, gate, behind } = await setUp()
      gate.aheadMs = aheadMs
      // The last call before the second look at the account.
      gate.onRequest = async ({ path: url }) => {
        if (url.endsWith('/balance')) await leaveOnItsWay(path('one'), emulator, SPECIFIER)
      }

      expect(await (await openRun({ root: path('two'), service: behind })).load(SPECIFIER)).toMatchObject(
        READY,
      )

      expect(emulator.counts.created).toBe(1)
    },
  )

  it.each([
    ['ahead when it was sent', [10 * MINUTE, 0]],
    ['behind when it was sent', [-10 * MINUTE, 0]],
    ['ahead afterwards', [0, 10 * MINUTE]],
    ['days ahead afterwards', [0, 4 * DAY]],
    ['days behind when it was sent', [-4 * DAY, 0]],
  ] as const)('hides no task of a killed run, whose name is not echoed, %s', async (_, [before, after]) => {
    const { emulator, gate, behind } = await setUp({ profile: 'reference' })
    const end = new AbortController()
    gate.aheadMs = before
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    // The service takes its time to show what it was sent.
    gate.onRequest = async ({ method }) => {
      if (method !== 'POST') return
      end.abort(new Error('killed'))
      await arrived
    }
    const killed = await openRun({ root: path('one'), service: behind, signal: end.signal })
    await expect(killed.load(SPECIFIER)).rejects.toThrow('killed')
    gate.aheadMs = after
    let looks = 0
    gate.onAnswer = ({ path: url }) => {
      if (url.includes('page_num') && (looks += 1) === 1) arrive()
    }

    const failure = await failureOf((await openRun({ root: path('one'), service: behind })).load(SPECIFIER))

    expect(failure.code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })
})
