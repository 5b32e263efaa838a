import { writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { StartOptions } from '../../src/emulator.ts'
import type { Context } from '../../src/run/context.ts'
import { agree } from '../../src/run/live/asking.ts'
import { readLease } from '../../src/store/lease-file.ts'
import { startGate } from '../support/gate.ts'
import { forgetRecord } from '../support/journal.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

type Faults = NonNullable<StartOptions['faults']>

const SPECIFIER = 'hero.png?meshy'
const READY = { metadata: { state: 'ready' } }
const STAND_IN = { metadata: { state: 'preview', source: 'stand-in' } }

/** Said once, to the first submission. */
const once = { on: 'create', nth: 1 } as const
const ABOUT_REQUEST: [number, Faults[number]][] = [400, 413, 422].map((status) => [
  status,
  { kind: 'status', status, message: 'The picture shows a celebrity', ...once },
])
const ABOUT_ACCOUNT: [string, Faults[number]][] = [
  ['MESHY_AUTH_REJECTED', { kind: 'unauthorized', ...once }],
  ['MESHY_CREDITS_EXHAUSTED', { kind: 'outOfCredits', ...once }],
  ['MESHY_API_FORBIDDEN', { kind: 'status', status: 403, message: 'Not in your plan', ...once }],
]

const WAIT = { timeout: 20_000 }

describe('a submission that was refused', () => {
  const { path } = useTempDir()

  async function setUp(fault: Faults[number]) {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ faults: [fault] })
    return { emulator, open: (live = false) => openRun({ root: path(), service: emulator, live }) }
  }

  it.each(ABOUT_REQUEST)(
    'is not repeated by the next build after a %s, until its model is forgotten',
    async (_, fault) => {
      const { emulator, open } = await setUp(fault)
      const first = await failureOf((await open()).load(SPECIFIER))
      const second = await failureOf((await open()).load(SPECIFIER))
      const posts = emulator.counts.posts

      await forgetRecord((await open()).context)
      const asset = await (await open()).load(SPECIFIER)

      expect(first).toMatchObject({ code: 'MESHY_API_REJECTED', details: { outcome: 'refused' } })
      expect(second).toMatchObject({
        code: 'MESHY_API_REJECTED',
        message: expect.stringMatching(/^`hero\.png` failed before: .*a celebrity/),
        hint: expect.stringContaining('unplugin-meshy forget'),
      })
      expect(posts).toBe(1)
      expect(asset).toMatchObject(READY)
    },
  )

  it.each(ABOUT_ACCOUNT)('is repeated by the next build after %s', async (code, fault) => {
    const { open } = await setUp(fault)
    const first = await failureOf((await open()).load(SPECIFIER))

    const run = await open()

    expect(first).toMatchObject({ code })
    expect(await run.load(SPECIFIER)).toMatchObject(READY)
    expect(await run.context.ports.store.journal.keys()).toEqual([])
  })

  it.each(ABOUT_ACCOUNT)(
    'ends its batch, which is not submitted by a later live run either: %s',
    async (_, fault) => {
      const names = ['hero.png', 'villain.png', 'chair.png']
      await writePictures(path(), ...names)
      const emulator = await startService({ faults: [fault] })
      const open = () =>
        openRun({
          root: path(),
          service: emulator,
          live: true,
          options: { mode: 'generate', concurrency: 1 },
          gather: names.length,
        })
      const first = await open()
      const loadAll = ({ load }: typeof first) => Promise.all(names.map((name) => load(`${name}?meshy`)))
      await loadAll(first)
      await expect.poll(() => first.context.ports.store.journal.keys(), WAIT).toHaveLength(3)
      await expect.poll(() => statesOf(first), WAIT).toEqual(['failed', 'failed', 'failed'])
      await expect.poll(() => first.context.ports.models.all().some(({ work }) => work), WAIT).toBe(false)

      const second = await open()
      await loadAll(second)
      const told = () => second.told.filter((text) => text.includes('It is not submitted again by itself'))
      await expect.poll(told, WAIT).toHaveLength(3)
      expect(emulator.counts.posts).toBe(1)

      await expect.poll(() => second.told.join('\n'), WAIT).toContain('90 credits')
      await agree(second.context)
      const states = async () => (await loadAll(second)).map(({ metadata }) => metadata.state)
      await expect.poll(states, WAIT).toEqual(['ready', 'ready', 'ready'])
      expect(emulator.counts).toMatchObject({ posts: 4, created: 3 })
    },
  )

  it('is repeated by a live run with another key', async () => {
    const { open } = await setUp({ kind: 'unauthorized', ...once })
    await failureOf((await open()).load(SPECIFIER))
    const service = await startService({ apiKey: 'msy_the_key_of_another_account_000000000001' })
    const live = await openRun({ root: path(), service, live: true })

    await live.load(SPECIFIER)

    await expect.poll(() => service.counts.posts, WAIT).toBe(1)
    expect(live.told.join()).not.toContain('failed before')
  })

  it.each([...ABOUT_REQUEST, ...ABOUT_ACCOUNT])(
    'is not repeated by a live run that starts later, after %s, until the developer says so',
    async (_, fault) => {
      const { emulator, open } = await setUp(fault)
      const { message } = await failureOf((await open()).load(SPECIFIER))
      const live = await open(true)

      expect(await live.load(SPECIFIER)).toMatchObject(STAND_IN)
      expect(await live.load(SPECIFIER)).toMatchObject(STAND_IN)
      const reasons = live.told.filter((text) => text.includes(message))
      await expect.poll(() => live.told.join('\n'), WAIT).toContain('hero.png: 30 credits')
      await agree(live.context)
      await expect.poll(() => live.load(SPECIFIER), { timeout: 20_000 }).toMatchObject(READY)

      expect(reasons).toHaveLength(1)
      expect(reasons[0]).toContain('It is not submitted again by itself')
      expect(emulator.counts.posts).toBe(2)
    },
  )
})

describe('what another machine took over while this one hung', () => {
  const { path } = useTempDir()

  it.each([
    [
      'is refused',
      'POST',
      { kind: 'status', status: 400, message: 'No such thing', ...once },
      { code: 'MESHY_API_REJECTED', reserved: 0 },
    ],
    [
      'has no answer',
      'POST',
      { kind: 'status', status: 500, effective: true, ...once },
      { code: 'MESHY_API_SERVER', reserved: 30 },
    ],
    [
      'fails',
      'GET',
      { kind: 'failTask', type: 'invalid_input', message: 'cannot find an object' },
      { code: 'MESHY_TASK_FAILED', reserved: 0 },
    ],
  ] as const)('keeps its record when the submission of this one %s', async (_, method, fault, expected) => {
    const { run, others } = await setUp(method, [fault])

    const { code } = await failureOf(run.load(SPECIFIER))

    expect({ code, reserved: (await run.context.paying()).purse.budget.reserved }).toEqual(expected)
    expect(await others()).toEqual([true, true])
  })

  it('keeps its record when this one has its model in the end', async () => {
    const { run, others } = await setUp('GET', [])

    expect(await run.load(SPECIFIER)).toMatchObject(READY)

    // The lease of a machine that never answers is another story.
    const [isRecordOfOther] = await others()
    expect(isRecordOfOther).toBe(true)
  })

  it('keeps its record when this one paid as well, and says which task that is', async () => {
    const { run, others, emulator } = await setUp('POST', [])

    const error = await failureOf(run.load(SPECIFIER))

    const [task] = emulator.tasks()
    expect(error).toMatchObject({
      code: 'MESHY_ABORTED',
      message: expect.stringContaining(`Task ${task?.['id']} for \`hero.png\` is paid`),
      hint: expect.stringContaining(`unplugin-meshy adopt ${task?.['id']}`),
    })
    expect(await others()).toEqual([true, true])
  })

  /** This machine is held up at a request of this method until another one has taken over. */
  async function setUp(method: keyof typeof STATES, faults: Faults) {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ faults })
    const gate = await startGate(emulator, onTestFinished)
    const run = await openRun({ root: path(), service: { ...emulator, url: gate.url } })
    const { journal, layout } = run.context.ports.store
    gate.onRequest = async (request) => {
      const [key] = await journal.keys()
      if (key === undefined || request.method !== method) return
      if ((await journal.read(key))?.state === STATES[method]) await takeOver(run.context, key)
    }
    /** Whether record and lease are those of the other machine. */
    const others = async () => {
      const [key = ''] = await journal.keys()
      const record = await journal.read(key)
      const lease = await readLease(layout.lease(key))
      return [
        record?.state === 'accepted' && record.taskId === TASK_OF_OTHER,
        lease?.holder?.token === OTHER.token,
      ]
    }
    return { emulator, others, run }
  }
})

/** What the record of this machine says when it is held up at a request. */
const STATES = { POST: 'started', GET: 'accepted' }
const TASK_OF_OTHER = 'task-of-the-other'
const OTHER = { pid: 1, born: null, host: 'other', thread: 0, token: '0123456789abcdef' }

/** What the other machine does: it gets the lease of a silent one, and finds a task of its own. */
async function takeOver({ paying }: Context, key: string): Promise<void> {
  const { store, account: api, options } = await paying()
  const { journal, layout } = store
  const record = await journal.read(key)
  if (!record) throw new Error('Nothing is on its way.')
  await writeFile(layout.lease(key), JSON.stringify(OTHER))
  const { image, request } = record
  await journal.clear(key)
  const { digest: account } = api()
  const startedAt = new Date().toISOString()
  await journal.start({ key, image, request, params: {}, host: options.baseUrl, account, startedAt })
  await journal.accept(key, TASK_OF_OTHER)
}

async function statesOf({
  context: {
    ports: { store },
  },
}: Awaited<ReturnType<typeof openRun>>): Promise<unknown[]> {
  const records = (await store.journal.keys()).map((key) => store.journal.read(key))
  return (await Promise.all(records)).map((record) => record?.state)
}
