import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { accountDigest } from '../../src/store/journal.ts'
import { forgetModel } from '../../src/cli/forget.ts'
import { generate } from '../../src/generate/generate.ts'
import { inherit } from '../../src/generate/inherit.ts'
import { recordOf } from '../../src/generate/record.ts'
import {
  failureOf,
  leaveOnItsWay,
  loadRequest,
  openRun,
  type TestRun,
  writePictures,
} from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { fastClock } from '../system/fast-clock.ts'

const SPECIFIER = 'hero.png?meshy'
const OTHERS_KEY = 'f'.repeat(16)

describe('what somebody else has sent for a key', () => {
  const temp = useTempDir()

  async function projectWith(name: string): Promise<string> {
    const root = temp.path(name)
    await writePictures(root, 'hero.png')
    return root
  }

  /** As a lease tells it whose holder was killed before it knew the id of its task. */
  async function inheritSent(run: TestRun, account: string, answerAfterMs = 0): Promise<void> {
    const ports = await run.context.paying()
    const [at = '', answerBy = ''] = [0, answerAfterMs].map((ms) =>
      new Date(ports.clock.serviceNow() + ms).toISOString(),
    )
    const told = {
      host: ports.options.baseUrl,
      account,
      startedAt: at,
      sent: { sentAt: at, answerBy, named: true },
    }
    await inherit(ports, await loadRequest(run.context, run.root, SPECIFIER), [told])
  }

  it('is not paid again with a key of another account, which cannot see it', async () => {
    const service = await startService()
    const run = await openRun({ root: await projectWith('ours'), service })
    await inheritSent(run, OTHERS_KEY)

    const error = await failureOf(run.load(SPECIFIER))

    expect(error.code).toBe('MESHY_JOURNAL_OTHER_ACCOUNT')
    expect(service.counts.posts).toBe(0)
  })

  it('is not waited for longer than an answer takes, whatever they say', async () => {
    const service = await startService()
    const run = await openRun({ root: await projectWith('ours'), service, clock: fastClock(200) })
    await inheritSent(run, accountDigest(service.apiKey), 30 * 86_400_000)

    expect((await run.load(SPECIFIER)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('is taken over with another key of the same account, which sees it by its name', async () => {
    const service = await startService()
    const theirs = await projectWith('theirs')
    await leaveOnItsWay(theirs, service, SPECIFIER)
    await rm(`${theirs}/.meshy`, { recursive: true })
    const run = await openRun({ root: await projectWith('ours'), service })
    await inheritSent(run, OTHERS_KEY)

    expect((await run.load(SPECIFIER)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('is not paid again when a task of our own, which was begun before, fails', async () => {
    const faults = [
      { kind: 'failTask', message: 'Busy', type: 'server_error', nth: 1 } as const,
      { kind: 'noNames' } as const,
    ]
    const service = await startService({ faults })
    const [root, options] = [await projectWith('ours'), { emulated: false, machineStore: temp.path('store') }]
    await leaveOnItsWay(root, service, SPECIFIER, options)
    const run = await openRun({ root, service, options, clock: fastClock(50) })
    const { key } = await loadRequest(run.context, root, SPECIFIER)
    const { clock, store } = run.context.ports
    const at = new Date(clock.serviceNow()).toISOString()
    const account = accountDigest(service.apiKey)
    // Another project has taken our task over after a power cut, seen it fail, and lost the answer to its own submission.
    const sent = { sentAt: at, answerBy: at, named: false }
    const theirs = { host: service.url, account, startedAt: at, sent, lost: true as const }
    await store.shared.machine?.tell({ account, key }, theirs)

    const error = await failureOf(run.load(SPECIFIER))

    expect(error.code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(service.counts.posts).toBe(1)
    expect(await store.shared.machine?.onItsWay({ account, key })).toMatchObject({ lost: true })
  })

  it('counts where it was begun later than what we have sent, whose end it has seen', async () => {
    const service = await startService({ faults: [{ kind: 'noNames' }] })
    const root = await projectWith('ours')
    const run = await openRun({ root, service, clock: fastClock(50) })
    const ports = await run.context.paying()
    const request = await loadRequest(run.context, root, SPECIFIER)
    const [before, now] = [60_000, 0].map((ms) => new Date(ports.clock.serviceNow() - ms).toISOString())
    const ours = { ...recordOf(ports, request), startedAt: before ?? '' }
    await ports.store.journal.start(ours)
    await ports.store.journal.send(request.key, {
      sentAt: ours.startedAt,
      answerBy: ours.startedAt,
      named: true,
    })
    const sent = { sentAt: now ?? '', answerBy: now ?? '', named: false }
    const { host, account } = ours
    await inherit(ports, request, [{ host, account, startedAt: now ?? '', sent, lost: true }])

    expect((await failureOf(run.load(SPECIFIER))).code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(service.counts.posts).toBe(0)
  })

  it.each([1, 80])('counts from its own start where ours, %i hours ago, was never sent', async (hours) => {
    const service = await startService({ faults: [{ kind: 'noNames' }] })
    const root = await projectWith('ours')
    const run = await openRun({ root, service, clock: fastClock(50) })
    const ports = await run.context.paying()
    const { journal } = ports.store
    const request = await loadRequest(run.context, root, SPECIFIER)
    const ours = recordOf(ports, request)
    const { host, account, startedAt: now } = ours
    const before = new Date(Date.parse(now) - hours * 3_600_000).toISOString()
    await journal.start({ ...ours, startedAt: before })
    const sent = { sentAt: now, answerBy: now, named: true }
    await inherit(ports, request, [{ host, account, startedAt: now, sent, lost: true }])

    expect(await journal.read(request.key)).toMatchObject({ state: 'started', startedAt: now })
    expect((await failureOf(run.load(SPECIFIER))).code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(service.counts.posts).toBe(0)
  })

  it.each([
    ['counts where it began after the model was given up here', 1, 0],
    ['does not count where it began before the model was given up here', -1, 1],
  ])('%s', async (_, minutes, posts) => {
    const service = await startService({ faults: [{ kind: 'noNames' }] })
    const [root, options] = [await projectWith('ours'), { emulated: false, machineStore: temp.path('store') }]
    await (await openRun({ root, service, options, clock: fastClock(50) })).load(SPECIFIER)
    const run = await openRun({ root, service, options, clock: fastClock(50) })
    const { clock, store } = run.context.ports
    const request = await loadRequest(run.context, root, SPECIFIER)
    await forgetModel(run.context, request)
    const [account, at] = [accountDigest(service.apiKey), clock.serviceNow() + minutes * 60_000]
    const [startedAt, sent] = [new Date(at).toISOString(), { sentAt: '', answerBy: '', named: false }]
    sent.sentAt = sent.answerBy = startedAt
    const theirs = { host: service.url, account, startedAt, sent, lost: true as const }
    await store.shared.machine?.tell({ account, key: request.key }, theirs)

    const outcome = await run.load(SPECIFIER).then(
      ({ metadata }) => metadata.state,
      ({ code }) => code,
    )

    expect(outcome).toBe(posts === 0 ? 'MESHY_SUBMIT_UNKNOWN' : 'ready')
    expect(service.counts.posts).toBe(1 + posts)
  })

  it('is not forgotten by a run that may not pay and has nothing of its own to wait for', async () => {
    const service = await startService()
    const [root, options] = [await projectWith('ours'), { emulated: false, machineStore: temp.path('store') }]
    const run = await openRun({ root, service, options, clock: fastClock(50) })
    const ports = await run.context.paying()
    const { clock, store } = ports
    const request = await loadRequest(run.context, root, SPECIFIER)
    const [before, now] = [600_000, 0].map((ms) => new Date(clock.serviceNow() - ms).toISOString())
    const ours = { ...recordOf(ports, request), startedAt: before ?? '' }
    await store.journal.start(ours)
    const known = await store.journal.send(request.key, {
      sentAt: ours.startedAt,
      answerBy: ours.startedAt,
      named: true,
    })
    const { host, account } = ours
    // Another project has seen that it never arrived, and lost the answer to its own submission.
    const sent = { sentAt: now ?? '', answerBy: now ?? '', named: false }
    const theirs = { host, account, startedAt: now ?? '', sent, lost: true as const }
    await store.shared.machine?.tell({ account, key: request.key }, theirs)

    const error = await failureOf(generate(ports, request, { known, permission: undefined }))

    expect(error.code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect((await failureOf(run.load(SPECIFIER))).code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(service.counts.posts).toBe(0)
  })
})
