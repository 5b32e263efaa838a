import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import type { Clock } from '../../src/system/clock.ts'
import { startGate } from '../support/gate.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { ageJournal } from '../support/journal.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('a submission whose answer is lost', () => {
  const { path } = useTempDir()

  async function setUp(options: StartOptions) {
    await writePictures(path(), 'hero.png')
    const emulator = await startService(options)
    return { emulator, run: () => openRun({ root: path(), service: emulator }) }
  }

  function taskIds(emulator: RunningEmulator) {
    return emulator.tasks().map(({ id }) => id)
  }

  it.each([
    ['the connection is cut', { kind: 'lostAnswer', nth: 1 }],
    ['the answer is 500', { kind: 'status', status: 500, effective: true, on: 'create', nth: 1 }],
    ['the answer is 503', { kind: 'status', status: 503, effective: true, on: 'create', nth: 1 }],
    ['the answer is 408', { kind: 'status', status: 408, effective: true, on: 'create', nth: 1 }],
    [
      'the answer is 200 without an id',
      { kind: 'status', status: 200, effective: true, on: 'create', nth: 1 },
    ],
  ] as const)('is found by its name in the same run when %s', async (_, fault) => {
    const { emulator, run } = await setUp({ faults: [fault] })

    const asset = await (await run()).load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('is found by its name in a later run when its task is listed late', async () => {
    const { emulator, run } = await setUp({ faults: [{ kind: 'lostAnswer', nth: 1 }] })
    emulator.fail({ kind: 'status', status: 500, on: 'list', from: 3 })
    expect(await failureOf((await run()).load(SPECIFIER))).toMatchObject({ code: 'MESHY_SUBMIT_UNKNOWN' })

    emulator.heal()
    const asset = await (await run()).load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it.each([
    ['the connection is cut', { kind: 'lostAnswer', nth: 1 }],
    ['the answer is 502', { kind: 'status', status: 502, effective: true, on: 'create', nth: 1 }],
  ] as const)(
    'ends with the candidate, and never pays again, when no name is echoed and %s',
    async (_, fault) => {
      const { emulator, run } = await setUp({ profile: 'reference', faults: [fault] })

      const failures = []
      for (let count = 0; count < 4; count += 1) failures.push(await failureOf((await run()).load(SPECIFIER)))

      for (const failure of failures) {
        expect(failure).toMatchObject({
          code: 'MESHY_SUBMIT_UNKNOWN',
          details: { candidates: taskIds(emulator) },
        })
        expect(failure.hint).toContain(`adopt ${String(taskIds(emulator)[0])}`)
      }
      expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
    },
  )

  it('names no task of another model as candidate', async () => {
    const { emulator, run } = await setUp({ profile: 'reference' })
    await writePictures(path(), 'hero.png', 'tree.png')
    await (await run()).load('tree.png?meshy')
    const [tree] = taskIds(emulator)
    emulator.fail({ kind: 'lostAnswer', nth: 1 })

    const failure = await failureOf((await run()).load(SPECIFIER))

    expect(failure.details['candidates']).toEqual(taskIds(emulator).filter((id) => id !== tree))
    expect(emulator.counts.created).toBe(2)
  })

  it('is not submitted again when it had no effect and nobody can know', async () => {
    const { emulator, run } = await setUp({
      profile: 'reference',
      faults: [{ kind: 'resetBeforeAnswer', on: 'create', nth: 1 }],
    })

    expect(await failureOf((await run()).load(SPECIFIER))).toMatchObject({
      code: 'MESHY_SUBMIT_UNKNOWN',
      details: { candidates: [] },
    })
    expect(await failureOf((await run()).load(SPECIFIER))).toMatchObject({ code: 'MESHY_SUBMIT_UNKNOWN' })
    expect(emulator.counts).toMatchObject({ posts: 1, created: 0 })
  })

  it('counts as gone when the retention of the service is over', async () => {
    const { emulator, run } = await setUp({ faults: [{ kind: 'resetBeforeAnswer', on: 'create', nth: 1 }] })
    await failureOf((await run()).load(SPECIFIER))
    await ageJournal(path(), 74)

    expect((await (await run()).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
  })

  it('is sent again when the connection was refused', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const gate = await startGate(emulator, onTestFinished)
    let refusals = 0
    // The last call before the submission.
    gate.onAnswer = ({ path: url }) => (url.endsWith('/balance') ? gate.shut() : undefined)
    const clock: Clock = {
      now: () => Date.now(),
      sleep: async (ms, signal) => {
        if (!gate.isOpen() && ms < 1000) {
          refusals += 1
          gate.onAnswer = () => {}
          await gate.reopen()
        }
        return hurriedClock().sleep(ms, signal)
      },
    }
    const { load } = await openRun({ root: path(), service: { ...emulator, url: gate.url }, clock })

    expect((await load(SPECIFIER)).metadata.state).toBe('ready')
    expect(refusals).toBe(1)
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })
})
