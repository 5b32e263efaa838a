import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { FaultRule, StartOptions } from '../../src/emulator.ts'
import type { Options } from '../../src/run/option-types.ts'
import type { Clock } from '../../src/system/clock.ts'
import { fastClock } from '../system/fast-clock.ts'
import { forgetRecord } from '../support/journal.ts'
import { openRun, writePictures } from '../support/run.ts'
import { servedModel, startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

/** Something that goes wrong, and how the run ends that meets it. */
interface Row {
  faults?: FaultRule[]
  service?: StartOptions
  options?: Options
  clock?: () => Clock
  /** The code of the error; a run without one delivers. */
  ends?: string
  /** Submissions, of which all but the last were refused. */
  posts?: number
  /** Whether the model must be forgotten before it is submitted again. */
  isFinal?: true
}

const fast = () => fastClock(60)
const first = { nth: 1 }
const HALF_AN_HOUR = 30 * 60_000

/** The kinds of fault of the promise, and the end of each. */
const ROWS: Record<string, Row> = {
  'a truncated file': { faults: [{ kind: 'truncatedAsset', ...first }] },
  'a file that stays truncated': { faults: [{ kind: 'truncatedAsset' }], ends: 'MESHY_DOWNLOAD_INVALID' },
  'a connection reset within a file': { faults: [{ kind: 'assetReset', ...first }] },
  'a connection reset within every file': { faults: [{ kind: 'assetReset' }], ends: 'MESHY_DOWNLOAD_FAILED' },
  'an HTML page for a file': { faults: [{ kind: 'htmlAsset', ...first }] },
  'nothing but HTML pages': { faults: [{ kind: 'htmlAsset' }], ends: 'MESHY_DOWNLOAD_INVALID' },
  'a file of the wrong type': { faults: [{ kind: 'wrongTypeAsset', ...first }] },
  'files of the wrong type': { faults: [{ kind: 'wrongTypeAsset' }], ends: 'MESHY_DOWNLOAD_INVALID' },
  'a URL that has expired': { faults: [{ kind: 'expiredUrl', ...first }] },
  'URLs that are expired at once': { faults: [{ kind: 'expiredUrl' }], ends: 'MESHY_DOWNLOAD_FAILED' },
  'a redirected file': { faults: [{ kind: 'assetRedirect', ...first }] },

  '500 for the list of tasks': { faults: [{ kind: 'status', status: 500, on: 'list', ...first }] },
  '500 for every list of tasks': {
    faults: [{ kind: 'status', status: 500, on: 'list' }],
    ends: 'MESHY_API_SERVER',
    posts: 0,
  },
  '500 for the stream and a read': {
    faults: [
      { kind: 'status', status: 500, on: 'stream', ...first },
      { kind: 'status', status: 500, on: 'retrieve', nth: [1, 2] },
    ],
  },
  'an HTML page for a read': {
    faults: [{ kind: 'noStream' }, { kind: 'htmlAnswer', on: 'retrieve', ...first }],
  },

  'haste, without Retry-After': {
    faults: [{ kind: 'rateLimited', on: 'create', nth: [1, 2] }],
    clock: fast,
    posts: 3,
  },
  'haste, with Retry-After': {
    faults: [{ kind: 'rateLimited', retryAfter: 3, on: 'create', nth: [1, 2] }],
    clock: fast,
    posts: 3,
  },
  'haste that never passes': {
    faults: [{ kind: 'rateLimited', on: 'create' }],
    clock: fast,
    ends: 'MESHY_API_RATE_LIMITED',
    posts: 8,
  },
  'a full queue': { faults: [{ kind: 'queueFull', nth: [1, 2, 3] }], posts: 4 },
  'a full queue that asks to wait': {
    faults: [
      { kind: 'status', status: 429, message: 'NoMorePendingTasks: upgrade', on: 'create', nth: [1, 2] },
    ],
    posts: 3,
  },

  'a task that stays at 99 %': { faults: [{ kind: 'slow99', ms: 700 }] },
  'a task that stays at 99 % for too long': {
    faults: [{ kind: 'slow99', ms: 4_000 }],
    options: { taskTimeout: 1_500 },
    ends: 'MESHY_TASK_TIMEOUT',
  },

  'a stream that is reset': { faults: [{ kind: 'streamReset' }] },
  'a stream that ends early': { faults: [{ kind: 'streamEnd' }] },
  'a stream of garbage': { faults: [{ kind: 'streamGarbage' }] },
  'a stream that says nothing': { faults: [{ kind: 'streamSilent' }], clock: fast },
  'an error event in the stream': { faults: [{ kind: 'streamError' }] },
  'no stream at all': { faults: [{ kind: 'noStream' }] },
  'a server that has only what the reference lists': {
    service: { profile: 'reference' },
    faults: [{ kind: 'noStream' }],
  },

  'a status that nobody knows': { faults: [{ kind: 'unknownStatus', nth: [1, 2, 3] }], clock: fast },
  'fields that are null': { faults: [{ kind: 'nullFields' }] },
  'a success without a model': { faults: [{ kind: 'noModel' }], ends: 'MESHY_TASK_NO_MODEL' },

  'no credits': {
    faults: [{ kind: 'outOfCredits', ...first }],
    ends: 'MESHY_CREDITS_EXHAUSTED',
  },
  'a key that is refused': {
    faults: [{ kind: 'unauthorized' }],
    ends: 'MESHY_AUTH_REJECTED',
    posts: 0,
  },
  'a key that is refused for submissions alone': {
    faults: [{ kind: 'unauthorized', on: 'create' }],
    ends: 'MESHY_AUTH_REJECTED',
  },
  'a plan without the call': {
    faults: [{ kind: 'status', status: 403, on: 'create' }],
    ends: 'MESHY_API_FORBIDDEN',
  },
  'a balance that the plan does not tell': { faults: [{ kind: 'status', status: 403, on: 'balance' }] },
  'a balance that is none': { faults: [{ kind: 'htmlAnswer', status: 200, on: 'balance' }] },
  'a request that the service finds invalid': {
    faults: [{ kind: 'status', status: 400, message: 'image is too complex', on: 'create' }],
    ends: 'MESHY_API_REJECTED',
    isFinal: true,
  },
  'a `name` that the service refuses': {
    faults: [{ kind: 'status', status: 400, message: 'unknown parameter name', on: 'create', ...first }],
    posts: 2,
  },

  'a server clock that is behind': { service: { clockSkewMs: -HALF_AN_HOUR * 100 } },
  'a server clock that is ahead': { service: { clockSkewMs: HALF_AN_HOUR * 100 } },
  'a lost answer and a server clock that is behind': {
    service: { clockSkewMs: -HALF_AN_HOUR * 100 },
    faults: [{ kind: 'lostAnswer', ...first }],
  },
  'a lost answer and a server clock that is ahead': {
    service: { clockSkewMs: HALF_AN_HOUR * 100 },
    faults: [{ kind: 'lostAnswer', ...first }],
  },
}

describe('a run that meets', () => {
  const { path } = useTempDir()

  it.each(Object.entries(ROWS))('%s', async (_, row) => {
    const { faults = [], service = {}, options, clock, ends, posts = 1 } = row
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ ...service, faults })
    const run = (settings: Partial<Parameters<typeof openRun>[0]>) =>
      openRun({ root: path(), service: emulator, ...settings })

    const [result] = await (await run({ options, clock: clock?.() })).loadAll(['hero.png?meshy'])

    expect(result && 'code' in result ? result.code : undefined).toBe(ends)
    expect(emulator.counts.posts).toBe(posts)

    // Whatever it was: when it is over, the next run has the right bytes, and one task was charged.
    emulator.heal()
    if (row.isFinal) await forgetRecord((await run({})).context)
    const [asset] = await (await run({})).loadAll(['hero.png?meshy'])
    expect(asset).toMatchObject({ metadata: { state: 'ready' } })
    const file = asset && 'files' in asset ? asset.files[0]?.path : undefined
    expect(await readFile(file ?? '')).toEqual(await servedModel(emulator))
    expect(emulator.counts.created).toBe(1)
    expect(emulator.balance).toBe(100_000 - 30)
  })
})
