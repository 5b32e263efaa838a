import { describe, expect, it, onTestFinished } from 'vitest'
import { startGate } from '../support/gate.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('a submission whose telling takes long', () => {
  const temp = useTempDir()

  async function projectWith(name: string): Promise<string> {
    const root = temp.path(name)
    await writePictures(root, 'hero.png')
    return root
  }

  it.each([
    ['the machine has slept', { isSlept: true, isSetBack: false }],
    ['its time was set back', { isSlept: false, isSetBack: true }],
  ])('is not sent where somebody else has paid meanwhile, and %s', async (_, { isSlept, isSetBack }) => {
    const service = await startService()
    let late = 0
    const clock = hurriedClock()
    const run = await openRun({
      root: await projectWith('ours'),
      service,
      clock: {
        ...clock,
        now: () => clock.now() + (isSetBack ? -late : late),
        elapsed: () => clock.now() + (isSlept ? 0 : late),
      },
    })
    const { journal } = run.context.ports.store
    const { send } = journal
    journal.send = async (...sent) => {
      const record = await send(...sent)
      if (late > 0) return record
      late = 10_000
      await leaveOnItsWay(await projectWith('theirs'), service, SPECIFIER)
      return record
    }

    expect((await run.load(SPECIFIER)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})

describe('a look at the account that takes long', () => {
  const temp = useTempDir()

  it('counts from its beginning: what was submitted while it went on is found by another one', async () => {
    await writePictures(temp.path('ours'), 'hero.png')
    await writePictures(temp.path('theirs'), 'hero.png', 'tree.png')
    const service = await startService()
    await leaveOnItsWay(temp.path('theirs'), service, 'tree.png?meshy')
    const gate = await startGate(service, onTestFinished)
    let [late, looks] = [0, 0]
    gate.onRequest = async ({ path }) => {
      looks += /page_num=1\b/.test(path) ? 1 : 0
      // The last page of the look right before the submission.
      if (late > 0 || looks < 2 || !/page_num=[^1]/.test(path)) return
      late = 20_000
      await leaveOnItsWay(temp.path('theirs'), service, SPECIFIER)
    }
    const real = hurriedClock()
    const run = await openRun({
      root: temp.path('ours'),
      service: { ...service, url: gate.url },
      clock: { ...real, now: () => real.now() + late },
    })

    expect((await run.load(SPECIFIER)).metadata.state).toBe('ready')
    expect([service.counts.posts, late]).toEqual([2, 20_000])
  })
})

describe('a batch whose decision takes long', () => {
  const temp = useTempDir()

  it('is not sent where somebody else has paid since the account was listed', async () => {
    await Promise.all(['ours', 'theirs'].map((name) => writePictures(temp.path(name), 'hero.png')))
    let late = 0
    const real = hurriedClock()
    const clock = { ...real, now: () => real.now() + late }
    const service = await startService({ clock })
    const gate = await startGate(service, onTestFinished)
    gate.onRequest = async ({ path }) => {
      if (!path.endsWith('/balance')) return
      await leaveOnItsWay(temp.path('theirs'), service, SPECIFIER)
      late = 90_000
    }
    const run = await openRun({ root: temp.path('ours'), service: { ...service, url: gate.url }, clock })

    expect((await run.load(SPECIFIER)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})
