import { describe, expect, it } from 'vitest'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const times = (factor: number) => (value: unknown) => Number(value) * factor

describe('a task that was paid', () => {
  const { path } = useTempDir()

  it.each<[string, Record<string, unknown>]>([
    ['a creation time in nanoseconds', { created_at: times(1e6) }],
    ['a creation time in microseconds', { created_at: times(1e3) }],
    ['a creation time in seconds', { created_at: times(1e-3) }],
    ['a time that no calendar has', { finished_at: 8.7e15 }],
    ['a year of six digits', { created_at: '+275760-09-13T00:00:00.000Z' }],
    ['negative times', { created_at: -1, started_at: -1, finished_at: -1, expires_at: -1 }],
    ['another ID than the answer to its submission', { id: 'another' }],
    ['a credit note', { consumed_credits: -5 }],
    ['credits as text', { consumed_credits: '30' }],
    [
      'nothing but nulls',
      { created_at: null, finished_at: null, consumed_credits: null, preceding_tasks: null },
    ],
    ['no times', { created_at: undefined, started_at: undefined, finished_at: undefined }],
    [
      'lists and objects',
      { created_at: [1], started_at: {}, consumed_credits: { of: 30 }, progress: 'half' },
    ],
  ])('is stored, and found again, with %s', async (_, fields) => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ faults: [{ kind: 'oddFields', fields }] })
    const run = () => openRun({ root: path(), service: emulator })

    const first = await (await run()).load(SPECIFIER)
    const { context, load } = await run()
    const second = await load(SPECIFIER)

    expect(second.metadata).toEqual(first.metadata)
    expect(await context.ports.store.entries.read(first.metadata.key)).toMatchObject({
      task: { credits: 30 },
    })
    expect(await context.ports.store.journal.keys()).toEqual([])
    expect(emulator.counts.created).toBe(1)
  })

  it.each([
    ['without dates', { kind: 'noDates' }],
    ['in seconds', { kind: 'oddFields', fields: { created_at: times(1e-3) } }],
  ] as const)('is found by its name in a listing %s', async (_, fault) => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ faults: [{ kind: 'lostAnswer', nth: 1 }] })
    emulator.fail({ kind: 'status', status: 500, on: 'list', from: 3 })
    const run = () => openRun({ root: path(), service: emulator })
    await failureOf((await run()).load(SPECIFIER))
    emulator.heal()
    emulator.fail(fault)

    expect((await (await run()).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.created).toBe(1)
  })
})
