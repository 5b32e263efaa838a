import { describe, expect, it } from 'vitest'
import { agree } from '../../src/run/live/asking.ts'
import { generate } from '../../src/generate/generate.ts'
import { Permission } from '../../src/finding/permission.ts'
import { forgetRecord } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, loadRequest, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const WAIT = { timeout: 20_000 }

describe('a task that failed and was charged', () => {
  const { path } = useTempDir()

  /** A service that fails the first task for a reason of its own, and keeps the credits. */
  async function setUp() {
    const emulator = await startService({
      faults: [{ kind: 'failTask', message: 'Busy', type: 'server_error', charged: true, nth: 1 }],
    })
    await writePictures(path('one'), 'hero.png')
    await writePictures(path('two'), 'hero.png')
    const open = (folder = 'one', live = false) =>
      openRun({ root: path(folder), service: emulator, live, options: { mode: live ? 'ask' : 'generate' } })
    return { emulator, open }
  }

  it('is not submitted again by itself, in this run or a later one, until it is forgotten', async () => {
    const { emulator, open } = await setUp()
    const first = await open()

    const failures = [await failureOf(first.load(SPECIFIER))]
    for (let count = 0; count < 2; count += 1) failures.push(await failureOf((await open()).load(SPECIFIER)))

    for (const { code, message, hint } of failures) {
      expect(code).toBe('MESHY_TASK_FAILED')
      expect(message).toContain('charged 30 credits')
      expect(hint).toMatch(/refund task \S+\..*`unplugin-meshy forget [0-9a-f]{16}`/)
    }
    expect((await first.context.paying()).purse.budget.reserved).toBe(30)
    expect(emulator.counts.created).toBe(1)

    await forgetRecord(first.context)
    expect((await (await open()).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(emulator.counts.created).toBe(2)
  })

  it('is not submitted again where the stream does not tell what it has consumed', async () => {
    const { emulator, open } = await setUp()
    emulator.fail({ kind: 'oddFields', on: 'stream', fields: { consumed_credits: undefined } })

    const failure = await failureOf((await open()).load(SPECIFIER))

    expect(failure).toMatchObject({ message: expect.stringContaining('charged 30 credits') })
    expect(emulator.counts.created).toBe(1)
  })

  it('is not submitted by another machine, which can give it up', async () => {
    const { emulator, open } = await setUp()
    await failureOf((await open()).load(SPECIFIER))

    const other = await open('two')
    const failure = await failureOf(other.load(SPECIFIER))
    const created = emulator.counts.created
    await forgetRecord(other.context)

    expect(failure).toMatchObject({
      code: 'MESHY_TASK_FAILED',
      message: expect.stringContaining('30 credits'),
    })
    expect(created).toBe(1)
    expect((await (await open('two')).load(SPECIFIER)).metadata.state).toBe('ready')
    // What the other one has paid since counts, and not the failure before it.
    expect((await (await open('two')).load(SPECIFIER)).metadata.state).toBe('ready')
  })

  it('is not submitted by a run that was allowed to before it failed', async () => {
    const { emulator, open } = await setUp()
    emulator.fail({ kind: 'failTask', message: 'Busy', type: 'server_error', charged: true, nth: 2 })
    const { context, load } = await open()
    await failureOf(load(SPECIFIER))
    const ports = await context.paying()
    const request = await loadRequest(context, path('one'), SPECIFIER)
    const allowed = {
      known: await ports.store.journal.read(request.key),
      permission: Permission.ofYes(request.key),
    }

    // Two servers, in each of which a person has agreed after the first failure.
    await failureOf(generate(ports, request, allowed))
    const second = await failureOf(generate(ports, request, allowed))

    expect(second.message).toContain('failed before')
    expect(emulator.counts.created).toBe(2)

    // Two failures may have begun at the same moment of a coarse clock.
    const later = await ports.store.journal.read(request.key)
    const known = later?.state === 'failed' ? { ...later, attempts: later.attempts - 1 } : undefined
    const third = await failureOf(generate(ports, request, { ...allowed, known }))

    expect(third.message).toContain('failed before')
    expect(emulator.counts.created).toBe(2)
  })

  it('is told by a dev server, which asks before it pays again', async () => {
    const { emulator, open } = await setUp()
    await leaveOnItsWay(path('one'), emulator, SPECIFIER)
    const { load, told, context } = await open('one', true)

    await load(SPECIFIER)
    await expect.poll(() => told.join('\n'), WAIT).toContain('charged 30 credits')
    await load(SPECIFIER)
    await expect.poll(() => told.join('\n'), WAIT).toContain('hero.png: 30 credits. ')
    expect(emulator.counts.created).toBe(1)

    await agree(context)
    await expect.poll(async () => (await load(SPECIFIER)).metadata.state, WAIT).toBe('ready')
    expect(emulator.counts.created).toBe(2)
  })
})
