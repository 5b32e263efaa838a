import type { ServerResponse } from 'node:http'
import { mkdir } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import type { Clock } from '../../../src/system/clock.ts'
import type { Step } from '../../faults/children/steps.ts'
import { spawnScript } from '../../support/child.ts'
import { startGenerating } from '../../support/generate-child.ts'
import { hurriedClock } from '../../support/hurried-clock.ts'
import { listen } from '../../support/listen.ts'
import { failureOf, openRun, writePictures, type Service, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import type { MachinePlan } from './children/machine.ts'
import { missing, startRgw, startSwift, type S3Server } from './servers/servers.ts'

const temp = useTempDir()

/** Steps after each of which the bucket or the service holds something else; what only the disk of the payer holds, nobody else sees. */
const SEEN_BY_OTHERS = [
  'batch decided',
  'journal about to start',
  'journal started',
  'answer received',
  'task accepted',
  'blob stored',
  'model pinned',
  'journal cleared',
] as const satisfies readonly Step[]

/** A place where requests of the same path are answered when two of them have come. */
async function startMeeting(): Promise<string> {
  const waiting = new Map<string, ServerResponse>()
  return listen(({ url = '' }, response) => {
    const other = waiting.get(url)
    if (!other) return void waiting.set(url, response)
    other.end()
    response.end()
  })
}

/** A clock that hardly sleeps, and on which what was slept has passed. */
function patientClock(): Clock {
  const hurried = hurriedClock(100)
  let slept = 0
  return {
    now: hurried.now,
    elapsed: () => performance.now() + slept,
    sleep: async (ms, signal) => {
      await hurried.sleep(ms, signal)
      slept += ms
    },
  }
}

describe.skipIf(missing.rgw)(
  'two machines on a bucket of Ceph RGW (needs radosgw, ceph-mon, ceph-osd)',
  () => {
    let server: S3Server
    let buckets = 0
    beforeAll(async () => {
      server = await startRgw()
    })

    async function bucketEnv(): Promise<Record<string, string>> {
      const name = `team-${(buckets += 1)}`
      await server.createBucket(name)
      return { ...server.env, MESHY_TEAM_STORE: `s3://${name}/game` }
    }

    it('pay once when they start at the same instant, twenty times', { timeout: 240_000 }, async () => {
      const service = await startService({ faults: [{ kind: 'noNames' }] })
      const [meet, env] = [await startMeeting(), await bucketEnv()]
      const start = (name: string) => {
        const home = { HOME: temp.path(name), MESHY_MACHINE_STORE: temp.path(name, 'cache') }
        const { url, apiKey } = service
        const plan: MachinePlan = { folder: temp.path(name, 'src'), url, apiKey, meet, rounds: 20 }
        const script = new URL('./children/machine.ts', import.meta.url)
        return spawnScript(script, [JSON.stringify(plan)], { env: { ...env, ...home } })
      }

      const [one, two] = await Promise.all([start('one').exited, start('two').exited])

      expect(one).toMatchObject({ code: 0 })
      expect(one.stdout.split('\n')).toHaveLength(21)
      expect(two.stdout).toBe(one.stdout)
      expect(service.counts).toMatchObject({ posts: 20, created: 20 })
    })

    /** Kills the payer at a step; then another machine, which knows nothing of it, wants the same. */
    async function killAt(step: string, service: Service): Promise<TestRun> {
      const env = await bucketEnv()
      await Promise.all(['payer', 'other'].map((name) => writePictures(temp.path(name), 'hero.png')))
      const plan = {
        specifiers: ['hero.png?meshy'],
        killAt: step,
        machineStore: temp.path('payer/cache'),
        env,
      }
      expect((await startGenerating(temp.path('payer'), service, plan).exited).signal).toBe('SIGKILL')
      const options = { emulated: false, machineStore: temp.path('other/cache') }
      return openRun({ root: temp.path('other'), service, env, options, clock: patientClock() })
    }

    it.each(SEEN_BY_OTHERS)(
      'pay once, and the other ends with the model, when the payer is killed at: %s',
      async (step) => {
        const service = await startService()

        const { load } = await killAt(step, service)

        expect((await load('hero.png?meshy')).metadata.state).toBe('ready')
        expect(service.counts).toMatchObject({ posts: 1, created: 1 })
      },
    )

    it.each(['journal started', 'task accepted', 'journal cleared'])(
      'pay once without the help of names when the payer is killed at: %s',
      async (step) => {
        const service = await startService({ profile: 'reference' })

        const { load } = await killAt(step, service)

        expect((await load('hero.png?meshy')).metadata.state).toBe('ready')
        expect(service.counts).toMatchObject({ posts: 1, created: 1 })
      },
    )

    it('name the candidate, and never pay again, when the payer is killed before it knows the task', async () => {
      const service = await startService({ profile: 'reference' })

      const { load } = await killAt('answer received', service)

      expect(await failureOf(load('hero.png?meshy'))).toMatchObject({
        code: 'MESHY_SUBMIT_UNKNOWN',
        details: { candidates: service.tasks().map(({ id }) => id) },
      })
      expect(service.counts).toMatchObject({ posts: 1, created: 1 })
    })
  },
)

describe.skipIf(missing.swift)('two machines on OpenStack Swift (needs swift-proxy and its servers)', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startSwift()
    await server.createBucket('team')
  })

  it('pay once when one starts after the submission of the other is listed', async () => {
    const service = await startService({ taskMs: 3_000 })
    const env = { ...server.env, MESHY_TEAM_STORE: 's3://team/game' }
    const open = async (name: string) => {
      await mkdir(temp.path(name))
      await writePictures(temp.path(name), 'hero.png')
      const options = { emulated: false, machineStore: temp.path(name, 'cache') }
      return openRun({ root: temp.path(name), service, env, options })
    }
    const [one, two] = [await open('one'), await open('two')]
    const first = one.load('hero.png?meshy')
    await expect.poll(() => service.tasks().length, { timeout: 30_000 }).toBe(1)

    const second = await two.load('hero.png?meshy')

    expect(second.metadata.integrity).toBe((await first).metadata.integrity)
    await Promise.all([one, two].map(({ context }) => finishSharing(context.ports)))
    expect(service.counts).toMatchObject({ posts: 1, created: 1 })
  })
})
