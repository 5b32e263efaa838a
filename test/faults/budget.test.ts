import { describe, expect, it, onTestFinished } from 'vitest'
import type { StartOptions } from '../../src/emulator.ts'
import type { Options } from '../../src/run/option-types.ts'
import { startGate } from '../support/gate.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const NAMES = ['a.png', 'b.png', 'c.png']
const ALL = NAMES.map((name) => `${name}?meshy`)
const READY = { metadata: { state: 'ready' } }

describe('the budget', () => {
  const { path } = useTempDir()
  const { path: elsewhere } = useTempDir()

  async function setUp(options: Options, service: StartOptions = {}, gather = 0) {
    await writePictures(path(), ...NAMES)
    const emulator = await startService(service)
    return { emulator, run: await openRun({ root: path(), service: emulator, options, gather }) }
  }

  it('lets nothing of a batch be sent that costs more, and lists every model with its price and the sum', async () => {
    const { emulator, run } = await setUp({ maxCredits: 89 }, {}, 3)

    const results = await run.loadAll(ALL)

    for (const result of results) {
      expect(result).toMatchObject({ code: 'MESHY_BUDGET_EXCEEDED', details: { sum: 90, cap: 89 } })
      expect((result as Error).message).toContain('90 credits')
      for (const name of NAMES) expect((result as Error).message).toContain(`${name}: 30 credits`)
    }
    expect(emulator.counts.posts).toBe(0)
  })

  it('lets a batch be paid that costs exactly what is allowed, and announces it before', async () => {
    const { emulator, run } = await setUp({ maxCredits: 90 }, {}, 3)

    expect(await run.loadAll(ALL)).toMatchObject([READY, READY, READY])

    expect(run.told[0]).toMatch(/^meshy: generating .*: 90 credits in total$/)
    expect(emulator.balance).toBe(100_000 - 90)
  })

  it('holds for models that show late: what was accepted is stored, and the rest is listed', async () => {
    const { emulator, run } = await setUp({ maxCredits: 60 }, {}, 2)

    const first = await run.loadAll(ALL.slice(0, 2))
    const late = await run.loadAll(ALL.slice(2))

    expect(first).toMatchObject([READY, READY])
    expect(late).toMatchObject([
      { code: 'MESHY_BUDGET_EXCEEDED', details: { reserved: 60, sum: 30, cap: 60 } },
    ])
    expect(emulator.counts.posts).toBe(2)
  })

  it('holds for plugin instances that decide at the same moment', async () => {
    const { emulator, run } = await setUp({ maxCredits: 60 })
    const other = await openRun({ root: path(), service: emulator, options: { maxCredits: 60 } })

    const results = await Promise.all([run.loadAll(ALL.slice(0, 2)), other.loadAll(ALL.slice(2))])

    const paid = results.flat().filter((result) => !('code' in result))
    expect(emulator.counts.posts).toBe(paid.length)
    expect(emulator.balance).toBeGreaterThanOrEqual(100_000 - 60)
    expect((await run.context.paying()).purse.budget.reserved).toBe(30 * paid.length)
  })

  it('is not used up by a failure that the service refunded, which is submitted once more', async () => {
    const { emulator, run } = await setUp(
      { maxCredits: 30 },
      { faults: [{ kind: 'failTask', message: 'The server is busy', type: 'server_error', nth: 1 }] },
    )

    expect(await run.load('a.png?meshy')).toMatchObject(READY)

    expect(emulator.counts.created).toBe(2)
    expect(emulator.balance).toBe(100_000 - 30)
    expect((await run.context.paying()).purse.budget.reserved).toBe(30)
  })

  it('counts what was sent and its answer lost, when the task that is found is another machine’s and fails', async () => {
    await Promise.all([path(), elsewhere()].map((root) => writePictures(root, 'a.png')))
    const emulator = await startService({
      taskMs: 2_000,
      faults: [
        { kind: 'failTask', message: 'The picture is empty', type: 'invalid_input', nth: 1 },
        { kind: 'status', status: 502, effective: true, on: 'create', nth: 2 },
      ],
    })
    const other = await openRun({ root: elsewhere(), service: emulator })
    const gate = await startGate(emulator, onTestFinished)
    let theirs: Promise<unknown> | undefined
    // The other machine is faster by one look at the account.
    gate.onRequest = async ({ method }) => {
      if (method !== 'POST') return
      gate.onRequest = () => {}
      theirs = failureOf(other.load('a.png?meshy'))
      await expect.poll(() => emulator.counts.created, { timeout: 20_000 }).toBe(1)
    }
    const run = await openRun({ root: path(), service: { ...emulator, url: gate.url } })

    const failure = await failureOf(run.load('a.png?meshy'))

    expect([failure, await theirs]).toMatchObject([
      { code: 'MESHY_TASK_FAILED' },
      { code: 'MESHY_TASK_FAILED' },
    ])
    expect(emulator.balance).toBe(100_000 - 30)
    expect((await run.context.paying()).purse.budget.reserved).toBe(30)
  })

  it('counts what the service charged, where that is more than estimated, before the next one is sent', async () => {
    const { emulator, run } = await setUp({ maxCredits: 90, concurrency: 1 }, { taskMs: 300 }, 3)
    for (const on of ['retrieve', 'stream'] as const)
      emulator.fail({ kind: 'oddFields', on, fields: { consumed_credits: 50 } })

    const results = await run.loadAll(ALL)

    expect(results).toMatchObject([
      READY,
      { code: 'MESHY_BUDGET_EXCEEDED', details: { reserved: 80, sum: 30, cap: 90 } },
      READY,
    ])
    expect(emulator.counts.posts).toBe(2)
    expect((await run.context.paying()).purse.budget.reserved).toBe(100)
  })

  it('is not used up by submissions that were refused', async () => {
    const { run } = await setUp(
      {},
      { faults: [{ kind: 'status', status: 400, message: 'no', on: 'create' }] },
    )

    expect(await run.loadAll(ALL)).toMatchObject(ALL.map(() => ({ code: 'MESHY_API_REJECTED' })))

    expect((await run.context.paying()).purse.budget.reserved).toBe(0)
  })
})

describe('an account without credits', () => {
  const { path } = useTempDir()

  it('is told before anything is sent when the balance can be read', async () => {
    await writePictures(path(), ...NAMES)
    const emulator = await startService({ credits: 60 })

    const results = await (await openRun({ root: path(), service: emulator, gather: 3 })).loadAll(ALL)

    expect(results).toMatchObject(
      ALL.map(() => ({ code: 'MESHY_CREDITS_EXHAUSTED', details: { sum: 90, balance: 60 } })),
    )
    expect(emulator.counts.posts).toBe(0)
  })

  it('ends the batch at the first 402, and what was accepted is stored', async () => {
    await writePictures(path(), ...NAMES)
    const emulator = await startService({ profile: 'reference', credits: 30, taskMs: 300 })
    const run = await openRun({
      root: path(),
      service: emulator,
      // One after the other: how fast this machine is decides nothing.
      options: { concurrency: 1 },
      gather: 3,
    })

    const results = await run.loadAll(ALL)

    expect(results.filter((result) => !('code' in result))).toMatchObject([READY])
    expect(results.filter((result) => 'code' in result)).toMatchObject([
      { code: 'MESHY_CREDITS_EXHAUSTED' },
      { code: 'MESHY_CREDITS_EXHAUSTED' },
    ])
    expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
    expect((await run.context.paying()).purse.budget.reserved).toBe(30)
    // Of the two that failed, one was sent.
    expect(await run.context.ports.store.journal.keys()).toHaveLength(1)
  })

  it('ends the batch at a 401, and what was accepted is found by the next run', async () => {
    await writePictures(path(), ...NAMES)
    const emulator = await startService({ taskMs: 300 })
    emulator.fail({ kind: 'unauthorized', on: 'create', from: 2 })
    const run = await openRun({
      root: path(),
      service: emulator,
      // One after the other: how fast this machine is decides nothing.
      options: { concurrency: 1 },
      gather: 3,
    })

    const results = await run.loadAll(ALL)

    expect(results.filter((result) => !('code' in result))).toMatchObject([READY])
    expect(results.filter((result) => 'code' in result)).toMatchObject([
      { code: 'MESHY_AUTH_REJECTED' },
      { code: 'MESHY_AUTH_REJECTED' },
    ])
    expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
  })
})
