import { mkdir, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../../src/system/errors.ts'
import { push, type Moved } from '../../../src/cli/stores.ts'
import type { Environment } from '../../../src/system/process.ts'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { makePng } from '../../glb/pictures.ts'
import { openRun, type RunInit, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { fastClock } from '../../system/fast-clock.ts'
import { FAULTS } from './servers/faulty-store.ts'

const temp = useTempDir()
const SPECIFIER = 'hero.png?meshy'

async function project(): Promise<string> {
  const root = temp.path('project')
  await mkdir(root)
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2))
  return root
}

const open = (init: RunInit): Promise<TestRun> =>
  openRun({ ...init, options: { emulated: false, ...init.options }, clock: fastClock(20) })

const envOf = async (fault: string): Promise<Environment> => ({
  MESHY_TEAM_STORE: 's3://team/game',
  AWS_ENDPOINT_URL_S3: await FAULTS[fault]?.(),
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
})

const complaints = ({ told }: TestRun) => told.filter((text) => /the team store/.test(text))

/** What pushing came to: nothing but a sum, or an error of ours. */
async function outcomeOf(pushing: Promise<Moved>): Promise<Moved | string> {
  try {
    return await pushing
  } catch (error) {
    if (isMeshyError(error)) return error.code
    throw error
  }
}

/** Whatever could not be uploaded is named with its reason. */
const isClear = (pushed: Moved | string) =>
  typeof pushed === 'string' || pushed.failed.every(({ reason }) => /^(its record: )?the store /.test(reason))

describe.each(Object.keys(FAULTS))("a team's store that %s", (fault) => {
  it('costs a build one warning at most, is told by push, and gives a frozen clone no other bytes', async () => {
    const [service, root, env] = [await startService(), await project(), await envOf(fault)]
    const run = await open({ root, service, env })
    const made = await run.load(SPECIFIER)
    await finishSharing(run.context.ports)

    expect(made.metadata.state).toBe('ready')
    expect(complaints(run).length).toBeLessThanOrEqual(1)

    const pushed = await outcomeOf(push((await open({ root, env })).context))
    await rm(`${root}/.meshy`, { recursive: true })
    const frozen = await open({ root, env, options: { mode: 'frozen', baseUrl: service.url } })
    const [clone] = await frozen.loadAll([SPECIFIER])

    // A store that says yes to everything is found out by `verify --stores`, which reads.
    expect(isClear(pushed)).toBe(true)
    if (clone && 'code' in clone) {
      expect(clone.code).toBe('MESHY_MODEL_UNRESTORABLE')
      expect(clone.message).toContain('team store s3://team/game')
    } else expect(clone?.metadata).toEqual(made.metadata)
    // What writes nothing leaves nothing to be uploaded.
    expect(complaints(frozen).join()).not.toMatch(/what it lacks/)
    expect(service.counts).toMatchObject({ posts: 1, created: 1 })
  })
})

/** What takes its time, breaks off, or has something else: who refuses at once is met by the builds above. */
const HOLDING = [
  'answers 503',
  'answers 429 and wants an hour',
  'breaks the connection',
  'breaks it in the middle of a file',
  'never answers',
  'stops in the middle of a file',
  'drips',
  'never ends',
  'has other bytes',
  'redirects to itself',
  'has a name that nobody knows',
  'is not there',
]

describe.each(HOLDING)("a team's store that %s", (fault) => {
  it('keeps no dev server from its model', async () => {
    const [service, root, env] = [await startService(), await project(), await envOf(fault)]
    const run = await open({ root, service, env, live: true })

    expect((await run.load(SPECIFIER)).metadata.state).toBe('pending')
    await expect
      .poll(async () => (await run.load(SPECIFIER)).metadata.state, { timeout: 60_000 })
      .toBe('ready')
    await finishSharing(run.context.ports)

    expect(service.counts).toMatchObject({ posts: 1, created: 1 })
    expect(complaints(run).length).toBeLessThanOrEqual(1)
  })
})
