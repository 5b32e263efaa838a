import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/emulator.ts'
import { changeRecord, removeTasks } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const MINUTE = 60_000

describe('a submission that was cut off before its answer', () => {
  const { path } = useTempDir()

  /** Leaves what a run does that was killed between the request and its answer, which can no longer come. */
  async function setUp(faults: FaultRule[] = []) {
    await writePictures(path(), 'hero.png', 'tree.png')
    const emulator = await startService()
    await leaveOnItsWay(path(), emulator, SPECIFIER)
    const at = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()
    const sent = { sentAt: at(5), answerBy: at(1), named: true }
    await changeRecord(path(), { state: 'started', taskId: undefined, startedAt: at(5), sent })
    for (const fault of faults) emulator.fail(fault)
    const run = () => openRun({ root: path(), service: emulator })
    const [task] = emulator.tasks()
    return { emulator, run, id: String(task?.['id']) }
  }

  it('is found where the service cuts names', async () => {
    const { emulator, run } = await setUp([{ kind: 'cutNames', characters: 20 }])

    expect((await (await run()).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.created).toBe(1)
  })

  it.each<[string, FaultRule]>([
    ['cuts names so that no key is left', { kind: 'cutNames', characters: 8 }],
    ['tells no names', { kind: 'noNames' }],
    ['tells names of others alone', { kind: 'foreignNames' }],
    ['gives tasks other names', { kind: 'oddFields', fields: { name: 'A chair' } }],
  ])('is never paid again where the service %s', async (_, fault) => {
    const { emulator, run, id } = await setUp([fault])

    for (let count = 0; count < 2; count += 1) {
      const failure = await failureOf((await run()).load(SPECIFIER))
      expect(failure.code).toBe('MESHY_SUBMIT_UNKNOWN')
      expect(failure.details['candidates']).toContain(id)
      expect(failure.hint).toContain(`adopt ${id}`)
    }
    expect(emulator.counts.created).toBe(1)
  })

  it('is not proven to have never arrived by a task of somebody else', async () => {
    const { emulator, run } = await setUp([{ kind: 'foreignNames' }])
    await removeTasks(emulator)

    expect(await failureOf((await run()).load(SPECIFIER))).toMatchObject({ code: 'MESHY_SUBMIT_UNKNOWN' })
    expect(emulator.counts.created).toBe(1)
  })

  it('is submitted when a task of ours proves that names come back, and none is its', async () => {
    const { emulator, run } = await setUp()
    await removeTasks(emulator)
    await (await run()).load('tree.png?meshy')
    // One of the web app, which has no name, and was made after the submission.
    const named = { name: (name: unknown) => (emulator.counts.created === 2 ? name : undefined) }
    emulator.fail({ kind: 'oddFields', on: 'list', fields: named })

    expect((await (await run()).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.created).toBe(3)
  })
})
