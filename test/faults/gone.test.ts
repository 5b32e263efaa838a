import { writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCard } from '../../src/stand-in/card.ts'
import { adoptTask } from '../../src/cli/adopt.ts'
import { pinOwnBytes } from '../../src/cli/pin.ts'
import { readSpecifier } from '../../src/cli/subject.ts'
import { startGate } from '../support/gate.ts'
import { ageJournal, removeTasks } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('404 for a task that was paid', () => {
  const { path } = useTempDir()

  it('is waited out for a moment: the service may not show yet what it has just accepted', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    for (const on of ['stream', 'retrieve'] as const) emulator.fail({ kind: 'gone404', on, nth: 1 })

    const asset = await (await openRun({ root: path(), service: emulator })).load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(emulator.counts.posts).toBe(1)
  })

  /** A project whose task was accepted, and whose run ended before it had the model. */
  async function setUp() {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    await leaveOnItsWay(path(), emulator, SPECIFIER)
    return { emulator, run: () => openRun({ root: path(), service: emulator }) }
  }

  it('ends the run, names `forget`, and is paid no second time while the service must have the task', async () => {
    const { emulator, run } = await setUp()
    emulator.fail({ kind: 'gone404', on: 'retrieve' })
    emulator.fail({ kind: 'noStream' })
    await ageJournal(path(), 72)

    for (let count = 0; count < 3; count += 1) {
      const failure = await failureOf((await run()).load(SPECIFIER))
      expect(failure).toMatchObject({ code: 'MESHY_TASK_EXPIRED' })
      expect(failure.hint).toMatch(/`unplugin-meshy forget [0-9a-f]{16}`/)
    }
    expect(emulator.counts.posts).toBe(1)

    emulator.heal()
    expect(await (await run()).load(SPECIFIER)).toMatchObject({ metadata: { state: 'ready' } })
    expect(emulator.counts.posts).toBe(1)
  })

  it('is announced and paid anew when the retention of the service is over', async () => {
    const { emulator, run } = await setUp()
    await removeTasks(emulator)
    await ageJournal(path(), 74)

    const { load, told } = await run()
    const asset = await load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(told.join('\n')).toContain('no longer keeps its task')
    expect(told.join('\n')).toContain('generating hero.png (30 credits): 30 credits in total')
    expect(emulator.counts.posts).toBe(2)
  })
})

describe('a record of a task that the service keeps no more', () => {
  const { path } = useTempDir()

  async function setUp() {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    await leaveOnItsWay(path(), emulator, SPECIFIER)
    await leaveOnItsWay(path(), emulator, `${SPECIFIER}&pbr`)
    await ageJournal(path(), 74)
    const { context, load } = await openRun({ root: path(), service: emulator })
    return { emulator, context, load, request: await readSpecifier(context, `./${SPECIFIER}`, path()) }
  }

  it("keeps no user from pinning a model of one's own", async () => {
    const { emulator, context, load, request } = await setUp()
    await writeFile(path('mine.glb'), makeCard({ name: 'mine' }))

    await pinOwnBytes(context, request, path('mine.glb'))

    expect((await load(SPECIFIER)).metadata).toMatchObject({ state: 'ready', source: 'pinned' })
    expect(emulator.counts.posts).toBe(2)
  })

  it('makes room for another task', async () => {
    const { emulator, context, load, request } = await setUp()
    const taskId = String(emulator.tasks().at(-1)?.id)

    await adoptTask(context, request, { taskId, force: true })

    expect((await load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.posts).toBe(2)
  })
})

describe('a task that fails at the service', () => {
  const { path } = useTempDir()

  async function setUp(type: string, nth?: number[]) {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({
      faults: [{ kind: 'failTask', message: 'It went wrong', type, ...(nth && { nth }) }],
    })
    return { emulator, run: () => openRun({ root: path(), service: emulator }) }
  }

  it.each(['server_error', 'service_unavailable', 'timeout', 'format_conversion_failed'])(
    'is submitted once more, and no third time, when it is `%s`',
    async (type) => {
      const { emulator, run } = await setUp(type)

      expect(await failureOf((await run()).load(SPECIFIER))).toMatchObject({ code: 'MESHY_TASK_FAILED' })

      expect(emulator.counts.created).toBe(2)
      expect(emulator.balance).toBe(100_000)
    },
  )

  it('is submitted by the next run when the service was the cause', async () => {
    const { emulator, run } = await setUp('server_error', [1, 2])
    await failureOf((await run()).load(SPECIFIER))

    expect(await (await run()).load(SPECIFIER)).toMatchObject({ metadata: { state: 'ready' } })
    expect(emulator.counts.created).toBe(3)
    expect(emulator.balance).toBe(100_000 - 30)
  })

  it.each(['invalid_input', 'moderation_blocked', 'image_too_complex'])(
    'is not submitted again by itself, in this run or a later one, when it is `%s`',
    async (type) => {
      const { emulator, run } = await setUp(type)

      const failures = []
      for (let count = 0; count < 3; count += 1) failures.push(await failureOf((await run()).load(SPECIFIER)))

      expect(failures).toMatchObject(failures.map(() => ({ code: 'MESHY_TASK_FAILED' })))
      expect(failures[2]?.message).toContain('It went wrong')
      expect(failures[2]?.hint).toMatch(/`unplugin-meshy forget [0-9a-f]{16}`/)
      expect(emulator.counts.created).toBe(1)
      expect(emulator.balance).toBe(100_000)
    },
  )

  it('is not submitted again by whoever waited for it', async () => {
    const { emulator, run } = await setUp('invalid_input')
    const other = await openRun({ root: path(), service: emulator })

    const [one, two] = await Promise.all([run(), other])
    const results = await Promise.all([one.loadAll([SPECIFIER]), two.loadAll([`${SPECIFIER}&formats=obj`])])

    expect(results.flat()).toMatchObject([{ code: 'MESHY_TASK_FAILED' }, { code: 'MESHY_TASK_FAILED' }])
    expect(emulator.counts.created).toBe(1)
  })
})

describe('a task that another address or key of the account submitted', () => {
  const { path } = useTempDir()

  it('is taken over when it can be read from here', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const { url } = await startGate(emulator, onTestFinished)
    await leaveOnItsWay(path(), { url, apiKey: emulator.apiKey }, SPECIFIER)

    const { load } = await openRun({ root: path(), service: emulator })

    expect((await load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.posts).toBe(1)
  })

  it('is an error that names the ways out when it cannot', async () => {
    await writePictures(path(), 'hero.png')
    const first = await startService()
    await leaveOnItsWay(path(), first, SPECIFIER)
    const other = await startService()

    const { load } = await openRun({ root: path(), service: other })
    const failure = await failureOf(load(SPECIFIER))

    expect(failure.code).toBe('MESHY_JOURNAL_OTHER_ACCOUNT')
    expect(failure.hint).toMatch(/with that key.*forget/)
    expect(other.counts.posts).toBe(0)
  })
})
