import { readFile, rm } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agree } from '../../src/run/live/asking.ts'
import { isOffline, MODES, STATES, type Mode, type State } from '../../src/finding/modes.ts'
import { startGate } from '../support/gate.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const WAIT = { timeout: 20_000 }

/** The table of modes in the README: what becomes of a request. `unpaid` and `paid` are bytes; all others send only reads. */
const CELLS: Record<Mode, Record<State, string>> = {
  generate: { ready: 'unpaid', restorable: 'unpaid', 'on its way': 'unpaid', missing: 'paid' },
  ask: { ready: 'unpaid', restorable: 'unpaid', 'on its way': 'unpaid', missing: 'preview' },
  frozen: {
    ready: 'unpaid',
    restorable: 'unpaid',
    'on its way': 'MESHY_MODEL_MISSING',
    missing: 'MESHY_MODEL_MISSING',
  },
  preview: { ready: 'unpaid', restorable: 'preview', 'on its way': 'preview', missing: 'preview' },
  plan: { ready: 'row', restorable: 'row', 'on its way': 'row', missing: 'row' },
}
const TABLE = MODES.flatMap((mode) => STATES.map((state) => [mode, state, CELLS[mode][state]] as const))

describe('a mode', () => {
  const { path } = useTempDir()

  /** A project in which the one model is in a state, for real. */
  async function setUp(state: State) {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ taskMs: 150 })
    const open = (mode: Mode) => openRun({ root: path(), service: emulator, options: { mode } })
    if (state === 'on its way') await leaveOnItsWay(path(), emulator, SPECIFIER)
    if (state === 'ready' || state === 'restorable') await (await open('generate')).load(SPECIFIER)
    if (state === 'restorable') {
      for (const folder of ['blobs', 'out']) await rm(path('.meshy', folder), { recursive: true })
    }
    return { emulator, open }
  }

  it.each(TABLE)('in mode `%s`, what is %s ends as: %s', async (mode, state, cell) => {
    const { emulator, open } = await setUp(state)
    const before = emulator.counts
    const { context, loadAll } = await open(mode)

    const outcome = await outcomeOf()

    expect(outcome).toBe(cell)
    const posts = emulator.counts.posts - before.posts
    expect(posts).toBe(cell === 'paid' ? 1 : 0)
    if (isOffline(mode) || state === 'ready') expect(emulator.counts.total).toBe(before.total)

    async function outcomeOf(): Promise<string> {
      if (mode === 'plan') {
        await expect(loadAll([SPECIFIER])).rejects.toThrow('no asset')
        expect(context.seen.plan).toMatchObject([{ state, credits: 30 }])
        return 'row'
      }
      const [result] = await loadAll([SPECIFIER])
      if (!result || 'code' in result) return String(result?.code)
      if (result.metadata.state !== 'ready') return result.metadata.state
      return emulator.counts.posts > before.posts ? 'paid' : 'unpaid'
    }
  })

  it.each([
    ['generate', 'missing', 'pending', 1],
    ['generate', 'on its way', 'pending', 0],
    ['generate', 'restorable', 'pending', 0],
    ['ask', 'missing', 'preview', 0],
    ['ask', 'on its way', 'pending', 0],
    ['preview', 'missing', 'preview', 0],
  ] as const)('in a live run in mode `%s`, what is %s is %s at first', async (mode, state, first, paid) => {
    const { emulator } = await setUp(state)
    const before = emulator.counts.posts
    const gate = await startGate(emulator, onTestFinished)
    let open = () => {}
    const opened = new Promise<void>((resolve) => (open = resolve))
    gate.onRequest = () => opened
    const { load } = await openRun({
      root: path(),
      service: emulator,
      options: { mode, baseUrl: gate.url },
      live: true,
    })

    const asset = await load(SPECIFIER)
    open()

    expect(asset.metadata).toMatchObject({ state: first, source: 'stand-in' })
    if (first !== 'pending') return expect(emulator.counts.posts).toBe(before)
    await expect
      .poll(() => readFile(path('.meshy', 'state', asset.metadata.key), 'utf8'), WAIT)
      .toContain('done')
    expect((await load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.posts - before).toBe(paid)
  })

  it('sends nothing in `ask` before a yes, and pays once after it', async () => {
    const { emulator } = await setUp('missing')
    const { load, context, told } = await openRun({
      root: path(),
      service: emulator,
      options: { mode: 'ask' },
      live: true,
    })
    await load(SPECIFIER)
    await load(SPECIFIER)
    await expect.poll(() => told.join()).toContain('30 credits. ')
    expect(emulator.counts.total).toBe(0)

    await agree(context)

    await expect.poll(async () => (await load(SPECIFIER)).metadata.state, WAIT).toBe('ready')
    expect(emulator.counts.posts).toBe(1)
  })

  it('needs no API key where everything is ready', async () => {
    await setUp('ready')

    for (const mode of ['generate', 'ask', 'frozen', 'preview'] as const) {
      const { load } = await openRun({ root: path(), options: { mode, emulated: true } })
      expect(await load(SPECIFIER)).toMatchObject({ metadata: { state: 'ready' } })
    }
  })

  it('asks for the API key, and says where, when a model is missing', async () => {
    await writePictures(path(), 'hero.png')

    expect(await failureOf((await openRun({ root: path() })).load(SPECIFIER))).toMatchObject({
      code: 'MESHY_AUTH_MISSING',
    })
  })
})
