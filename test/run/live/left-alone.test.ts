import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../../src/emulator.ts'
import type { Mode } from '../../../src/finding/modes.ts'
import { agree } from '../../../src/run/live/asking.ts'
import { changeRecord, removeTasks, spoilRecord } from '../../support/journal.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const HOUR = 3_600_000
const WAIT = { timeout: 20_000 }
const ASKED = 'hero.png: 30 credits. '

/** What an earlier run left, as the journal has it, and what a developer hears of it. */
interface Left {
  /** What is different from a record whose task was accepted just now. */
  record?: (age: (hours: number) => string) => object
  /** Whether the service still has the task. */
  kept?: true
  faults?: FaultRule[]
  /** What is told in the end: the question, or an error. */
  told: string
}

const FAILURE = { code: 'MESHY_TASK_FAILED', message: 'It went wrong.', taskId: 'gone' }
const unsent = { state: 'started', taskId: undefined }

const LEFT: Record<string, Left> = {
  'was never sent': { record: () => unsent, told: ASKED },
  'was never sent, long ago': { record: (age) => ({ ...unsent, startedAt: age(100) }), told: ASKED },
  'was never sent, with another key': { record: () => ({ ...unsent, account: '0'.repeat(16) }), told: ASKED },
  'was sent, and provably never arrived': {
    record: (age) => ({
      ...unsent,
      startedAt: age(1),
      sent: { sentAt: age(1), answerBy: age(0.9), named: true },
    }),
    told: ASKED,
  },
  'was sent long ago': {
    record: (age) => ({
      ...unsent,
      startedAt: age(74),
      sent: { sentAt: age(74), answerBy: age(73.9), named: true },
    }),
    told: ASKED,
  },
  'was sent and lost its answer': {
    record: (age) => ({
      ...unsent,
      startedAt: age(1),
      sent: { sentAt: age(1), answerBy: age(0.9), named: true },
      lost: true,
    }),
    told: 'it may have been charged',
  },
  'lost its answer long ago': {
    record: (age) => ({ ...unsent, startedAt: age(74), lost: true }),
    told: ASKED,
  },
  'was accepted long ago': { record: (age) => ({ startedAt: age(74) }), told: ASKED },
  'was accepted, and is not known to the service': { told: 'does not prove that it is lost' },
  'was accepted, and has failed since': {
    kept: true,
    faults: [{ kind: 'failTask', message: 'It went wrong', type: 'server_error' }],
    told: 'It went wrong',
  },
  'has failed': { record: () => ({ state: 'failed', failure: FAILURE }), told: ASKED },
  'has failed, and may be tried again': {
    record: () => ({ state: 'failed', failure: { ...FAILURE, retryable: true } }),
    told: ASKED,
  },
  'was forgotten': { record: () => ({ state: 'forgotten', forgottenTasks: ['gone'] }), told: ASKED },
}

describe('a dev server in `ask` that is left alone', () => {
  const { path: inTemp } = useTempDir()

  async function setUp({ record, kept, faults }: Left) {
    const emulator = await startService({ faults })
    await writePictures(inTemp(), 'hero.png')
    await leaveOnItsWay(inTemp(), emulator, SPECIFIER)
    if (!kept) await removeTasks(emulator)
    await changeRecord(inTemp(), record?.((hours) => new Date(Date.now() - hours * HOUR).toISOString()) ?? {})
    const open = (mode: Mode, live = false) =>
      openRun({ root: inTemp(), service: emulator, options: { mode }, live })
    return { emulator, open }
  }

  it.each(Object.entries(LEFT))('pays nothing for what %s', async (_, left) => {
    const { emulator, open } = await setUp(left)
    const { load, told, context } = await open('ask', true)

    await load(SPECIFIER)

    await expect.poll(() => told.join('\n'), WAIT).toContain(left.told)
    await expect.poll(() => context.ports.models.flights.count(''), WAIT).toBe(0)
    expect((await load(SPECIFIER)).metadata.state).toBe('preview')
    expect(emulator.counts.posts).toBe(1)
    // What the earlier run paid.
    expect((await context.paying()).purse.budget.reserved).toBe(30)
  })

  it('pays nothing for what cannot be read, and says what settles it', async () => {
    const { emulator, open } = await setUp({ told: '' })
    await spoilRecord(inTemp())

    const failure = await failureOf((await open('ask', true)).load(SPECIFIER))

    expect(failure.code).toBe('MESHY_JOURNAL_INVALID')
    expect(failure.hint).toMatch(/`unplugin-meshy forget [0-9a-f]{16}`/)
    expect(emulator.counts.posts).toBe(1)
  })

  it('asks, and waits for no page, when a task turns out to be gone by the clock of the service', async () => {
    await writePictures(inTemp(), 'hero.png')
    const emulator = await startService()
    await leaveOnItsWay(inTemp(), emulator, SPECIFIER)
    await removeTasks(emulator)
    await changeRecord(inTemp(), { startedAt: new Date(Date.now() - 96 * HOUR).toISOString() })
    const { load, told, context } = await openRun({
      root: inTemp(),
      service: emulator,
      options: { mode: 'ask' },
      live: true,
    })
    // By the clock of this machine it was accepted four days ago; that of the service is only known once it has answered.
    const answers = emulator.counts.total
    context.ports.clock.serviceNow = () => Date.now() - (emulator.counts.total > answers ? 0 : 95 * HOUR)

    expect((await load(SPECIFIER)).metadata.state).toBe('pending')

    await expect.poll(() => told.join('\n'), WAIT).toContain(ASKED)
    expect(emulator.counts.posts).toBe(1)
    expect(await readFile(path.join(inTemp('.meshy/state'), await onlyState()), 'utf8')).toContain('done')
    await agree(context)
    await expect.poll(async () => (await load(SPECIFIER)).metadata.state, WAIT).toBe('ready')
    expect(emulator.counts.posts).toBe(2)
  })

  const PRICED = ['was never sent', 'was sent long ago', 'lost its answer long ago', 'was accepted long ago']
  it.each(PRICED)('is counted as missing by `plan` and `frozen` what %s', async (name) => {
    const { emulator, open } = await setUp(LEFT[name] ?? { told: '' })
    const plan = await open('plan')

    await expect(plan.load(SPECIFIER)).rejects.toThrow('no asset')
    const failure = await failureOf((await open('frozen')).load(SPECIFIER))

    expect(plan.context.seen.plan).toMatchObject([{ state: 'missing', credits: 30 }])
    expect(failure).toMatchObject({ code: 'MESHY_MODEL_MISSING', details: { credits: 30, state: 'missing' } })
    expect(emulator.counts.posts).toBe(1)
  })

  async function onlyState(): Promise<string> {
    const [name = ''] = await readdir(inTemp('.meshy/state'))
    return name
  }
})
