import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accountDigest, createJournal } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { spawnScript } from '../support/child.ts'
import { canMount, mountVolume } from '../support/mounts.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { sampleStart } from './samples.ts'

describe('createJournal', () => {
  const { path } = useTempDir()
  const start = sampleStart()
  const { key } = start
  const file = (): string => path('.meshy', 'journal', `${key}.json`)
  const open = () => createJournal(createLayout(path('.meshy')))

  it('knows nothing of a request that was never started', async () => {
    expect(await open().read(key)).toBeUndefined()
    expect(await open().keys()).toEqual([])
  })

  it('follows a request from its start to its end', async () => {
    const journal = open()

    await journal.start(start)
    expect(await open().read(key)).toEqual({ ...start, state: 'started', attempts: 1, forgottenTasks: [] })

    await journal.accept(key, 'task-1')
    expect(await open().read(key)).toMatchObject({ ...start, state: 'accepted', taskId: 'task-1' })
    expect(await open().keys()).toEqual([key])

    await journal.clear(key)
    expect(await open().read(key)).toBeUndefined()
    expect(await readdir(path('.meshy', 'journal'))).toEqual([])
  })

  it('remembers that an answer was lost, until the task is known', async () => {
    await open().start(start)
    await open().lose(key)
    expect(await open().read(key)).toMatchObject({ state: 'started', lost: true })

    await open().accept(key, 'task-1')

    expect(await open().read(key)).not.toHaveProperty('lost')
  })

  it('counts attempts, and has the time of the last one', async () => {
    const later = { ...start, startedAt: '2026-02-02T00:00:00.000Z' }

    await open().start(start)

    expect(await open().start(later)).toMatchObject({ attempts: 2, startedAt: later.startedAt })
  })

  it('takes the new time when the last attempt is settled', async () => {
    const later = { ...start, startedAt: '2026-02-02T00:00:00.000Z' }
    await open().start(start)
    await open().accept(key, 'task-1')
    await open().fail(key, { code: 'MESHY_TASK_FAILED', message: 'The image shows nothing.' })

    expect(await open().start(later)).toMatchObject({ attempts: 2, startedAt: later.startedAt })
  })

  it('says which task failed, and why', async () => {
    await open().start(start)
    await open().accept(key, 'task-1')
    await open().fail(key, { code: 'MESHY_TASK_FAILED', message: 'The image shows nothing.' })

    expect(await open().read(key)).toMatchObject({
      state: 'failed',
      failure: { code: 'MESHY_TASK_FAILED', message: 'The image shows nothing.', taskId: 'task-1' },
    })
  })

  it('keeps a failure that has no task', async () => {
    await open().start(start)
    await open().fail(key, { code: 'MESHY_API_REJECTED', message: 'The image is too large.' })

    expect(await open().read(key)).toMatchObject({ state: 'failed', failure: { code: 'MESHY_API_REJECTED' } })
  })

  it('never starts again, nor takes another task, when a task is accepted', async () => {
    await open().start(start)
    await open().accept(key, 'task-1')

    await expect(open().start(start)).rejects.toThrow('task-1')
    await expect(open().accept(key, 'task-2')).rejects.toThrow('accepted')
    expect(await open().accept(key, 'task-1')).toMatchObject({ taskId: 'task-1' })
  })

  it.each<[string, (journal: ReturnType<typeof open>) => Promise<unknown>]>([
    ['accepts', (journal) => journal.accept(key, 'task-1')],
    ['loses', (journal) => journal.lose(key)],
    ['fails', (journal) => journal.fail(key, { code: 'MESHY_TASK_FAILED', message: '' })],
  ])('%s nothing that was not started', async (_, step) => {
    await expect(step(open())).rejects.toThrow('absent')
  })

  it('keeps the time of the last forgetting, which is not before what was given up', async () => {
    const { image, request, startedAt } = start
    await open().start(start)
    await open().forget({ key, image, request, forgottenAt: '2026-01-01T00:00:00.000Z' })
    expect(await open().read(key)).toMatchObject({ state: 'forgotten', forgottenAt: startedAt })

    await open().start(start)
    await open().accept(key, 'task-1')
    const forgottenAt = '2026-03-03T00:00:00.000Z'
    await open().forget({ key, image, request, forgottenAt })
    await open().start(start)
    await open().clear(key)

    expect(await open().read(key)).toMatchObject({ state: 'forgotten', forgottenAt })
  })

  it('never forgets a forgotten task, whatever comes after', async () => {
    const { image, request } = start
    await open().start(start)
    await open().accept(key, 'task-1')
    await open().forget({ key, image, request })
    await open().start(start)
    await open().accept(key, 'task-2')
    await open().clear(key)
    await open().forget({ key, image, request, tasks: ['task-2', 'task-1'] })

    expect(await open().read(key)).toEqual({
      key,
      image,
      request,
      state: 'forgotten',
      forgottenTasks: ['task-1', 'task-2'],
    })
  })

  it.each<[string, (text: string) => string]>([
    ['is truncated', (text) => text.slice(0, 80)],
    ['is empty', () => ''],
    ['is accepted without a task', (text) => text.replace('"started"', '"accepted"')],
    ['has an unknown state', (text) => text.replace('"started"', '"paused"')],
    ['is that of another key', (text) => text.replace(key, 'f'.repeat(16))],
  ])('refuses a record that %s, and takes it for nothing else', async (_, damage) => {
    await open().start(start)
    await writeFile(file(), damage(await readFile(file(), 'utf8')))
    const hint = expect.stringContaining(`forget ${key}`)
    const refused = { code: 'MESHY_JOURNAL_INVALID', hint, details: { file: file() } }

    await expect(open().read(key)).rejects.toMatchObject(refused)
    await expect(open().start(start)).rejects.toMatchObject(refused)
    await expect(open().accept(key, 'task-1')).rejects.toMatchObject(refused)
    await expect(open().clear(key)).rejects.toMatchObject(refused)
    expect(await open().keys()).toEqual([key])
  })

  it('replaces a record that cannot be read when it is to be forgotten', async () => {
    await open().start(start)
    await truncate(file(), 10)

    await open().forget({ key, image: start.image, request: start.request, tasks: ['task-1'] })

    expect(await open().read(key)).toMatchObject({ state: 'forgotten', forgottenTasks: ['task-1'] })
  })

  it('refuses a record of a later version, also when it is to be forgotten', async () => {
    const refused = { code: 'MESHY_CACHE_VERSION' }
    await open().start(start)
    await writeFile(file(), (await readFile(file(), 'utf8')).replace('"version": 1', '"version": 2'))

    await expect(open().read(key)).rejects.toMatchObject(refused)
    await expect(open().forget(start)).rejects.toMatchObject(refused)
  })

  it.each(['started 3', 'accepted 3', 'cleared 3'])(
    'holds what was said when it is killed after %j',
    async (said) => {
      const child = spawnScript(new URL('./children/journal.ts', import.meta.url), [path('.meshy')])
      await child.line(new RegExp(`^${said}$`))
      await child.kill()

      // The child went on until the signal came: what it said last holds, or what follows it.
      const record = await open().read(key)
      const { stdout } = await child.exited
      const [last] = stdout.trim().split('\n').slice(-1)
      const follows: Record<string, string[]> = {
        started: ['started', 'accepted'],
        accepted: ['accepted', 'cleared'],
        cleared: ['cleared', 'started'],
      }
      expect(follows[last?.split(' ')[0] ?? '']).toContain(record?.state ?? 'cleared')
    },
  )
})

describe('a journal on a full disk', () => {
  const { path } = useTempDir()

  it.skipIf(!canMount)('keeps the record that it has, and says that it cannot write', async () => {
    const volume = mountVolume(path('.meshy'), 'size=64k')
    onTestFinished(() => volume.release())
    const journal = createJournal(createLayout(path('.meshy')))
    const { key } = await journal.start(sampleStart())
    await expect(writeFile(path('.meshy', 'filler'), Buffer.alloc(100_000))).rejects.toThrow('ENOSPC')

    await expect(journal.accept(key, 'task-1')).rejects.toMatchObject({ code: 'MESHY_CACHE_UNWRITABLE' })

    expect(await journal.read(key)).toMatchObject({ state: 'started' })
    expect(await readdir(path('.meshy', 'tmp'))).toEqual([])
  })
})

describe('accountDigest', () => {
  it('tells accounts apart without telling the key', () => {
    expect(accountDigest('msy-one')).toMatch(/^[0-9a-f]{16}$/)
    expect(accountDigest('msy-one')).toBe(accountDigest('msy-one'))
    expect(accountDigest('msy-one')).not.toBe(accountDigest('msy-two'))
  })
})
