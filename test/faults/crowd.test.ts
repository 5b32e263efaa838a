import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/run/context.ts'
import { apiFailureOf } from '../../src/service/http.ts'
import { startGenerating } from '../support/generate-child.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SAME = [
  'hero.png?meshy&pbr',
  'hero.png?pbr=true&meshy',
  'hero.png?meshy&pbr&topology=triangle',
  'hero.png?pbr&meshy&formats=obj',
]

/** Resolves when a method was called for the first time, and is done. */
function once<Name extends string>(
  target: Record<Name, (...told: never[]) => Promise<unknown>>,
  name: Name,
): Promise<void> {
  const method = target[name] as (...told: unknown[]) => Promise<unknown>
  return new Promise((resolve) => {
    Object.assign(target, {
      [name]: async (...told: unknown[]) => {
        const result = await method.apply(target, told)
        resolve()
        return result
      },
    })
  })
}

/** Does something when the service has refused a submission, before that is sent again. */
async function runOnRefusal({ paying }: Context, work: () => Promise<unknown>): Promise<void> {
  const { limits } = (await paying()).account()
  const { submit, request } = limits
  let [isRefused, running] = [false, undefined as Promise<unknown> | undefined]
  limits.submit = (post, options) => {
    const workAfterRefusal = async (error: unknown): Promise<never> => {
      if (apiFailureOf(error)?.limit === 'queue') await (running ??= work())
      throw error
    }
    return submit(() => post().catch(workAfterRefusal), options)
  }
  limits.rateLimited = () => (isRefused = true)
  limits.request = async (send, options) => {
    if (isRefused) await (running ??= work())
    return request(send, options)
  }
}

describe('a crowd', () => {
  const { path } = useTempDir()

  it('pays once when eight processes import one picture four times each', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ taskMs: 500 })

    const children = Array.from({ length: 8 }, () => startGenerating(path(), emulator, { specifiers: SAME }))
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ stdout }) => stdout)).toEqual(ends.map(() => 'ready\n'.repeat(4)))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays each model once when processes want the same ones in opposite orders, one at a time', async () => {
    const names = ['a.png', 'b.png', 'c.png']
    await writePictures(path(), ...names)
    const emulator = await startService({ taskMs: 100 })
    const specifiers = names.map((name) => `${name}?meshy`)

    const children = [specifiers, specifiers.toReversed()].map((order) =>
      startGenerating(path(), emulator, { specifiers: order, concurrency: 1 }),
    )
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ stdout }) => stdout)).toEqual(ends.map(() => 'ready\n'.repeat(3)))
    expect(emulator.counts).toMatchObject({ posts: 3, created: 3 })
  })

  it('takes over when the one that pays is killed while the others wait', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ taskMs: 300 })
    const specifiers = ['hero.png?meshy']

    const first = startGenerating(path(), emulator, { specifiers, killAt: 'task heard of' })
    const others = Array.from({ length: 3 }, () => startGenerating(path(), emulator, { specifiers }))
    const ends = await Promise.all(others.map(({ exited }) => exited))

    await first.exited
    expect(ends.map(({ stdout }) => stdout)).toEqual(ends.map(() => 'ready\n'))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once for two folders that share only the account, one after the other', async () => {
    const emulator = await startService()
    await writePictures(path('one'), 'hero.png')
    await writePictures(path('two'), 'other-name.png')

    const one = await (await openRun({ root: path('one'), service: emulator })).load('hero.png?meshy')
    const two = await (await openRun({ root: path('two'), service: emulator })).load('other-name.png?meshy')

    expect(two.metadata).toEqual(one.metadata)
    expect(await readFile(two.files[0]?.path ?? '')).toEqual(await readFile(one.files[0]?.path ?? ''))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once for two folders that share only the account when the second begins while the task runs', async () => {
    const emulator = await startService({ taskMs: 1_000 })
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (folder) => {
        await writePictures(path(folder), 'hero.png')
        return openRun({ root: path(folder), service: emulator })
      }),
    )
    if (!one || !two) throw new Error('There are two')
    const accepted = once(one.context.ports.store.journal, 'accept')

    const first = one.load('hero.png?meshy')
    await accepted
    const assets = await Promise.all([first, two.load('hero.png?meshy')])

    expect(assets.map(({ metadata }) => metadata.state)).toEqual(['ready', 'ready'])
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('looks at the account again before it pays what had to wait for its turn', async () => {
    const emulator = await startService()
    await writePictures(path('one'), 'a.png', 'b.png')
    await writePictures(path('two'), 'a.png', 'b.png')
    const options = { concurrency: 1 }
    const one = await openRun({ root: path('one'), service: emulator, options, gather: 2 })
    const two = await openRun({ root: path('two'), service: emulator })
    const { journal } = one.context.ports.store
    const { accept } = journal
    let isFirst = true
    // While the first model is made here, somebody else has the other one made.
    journal.accept = async (...told) => {
      const record = await accept(...told)
      if (isFirst) {
        isFirst = false
        await two.load(record.image === 'a.png' ? 'b.png?meshy' : 'a.png?meshy')
      }
      return record
    }

    const results = await one.loadAll(['a.png?meshy', 'b.png?meshy'])

    expect(results).toMatchObject(results.map(() => ({ metadata: { state: 'ready' } })))
    expect(emulator.counts).toMatchObject({ posts: 2, created: 2 })
    expect((await one.context.paying()).purse.budget.reserved).toBe(30)
  })

  it.each([
    ['a place in a full queue', { kind: 'queueFull', nth: 1 }],
    ['the end of a pause after too many requests', { kind: 'rateLimited', on: 'create', nth: 1 }],
  ] as const)('looks at the account again after it waited for %s', async (_, fault) => {
    const emulator = await startService({ faults: [fault] })
    await writePictures(path('one'), 'hero.png')
    await writePictures(path('two'), 'hero.png')
    const one = await openRun({ root: path('one'), service: emulator })
    const two = await openRun({ root: path('two'), service: emulator })
    await runOnRefusal(one.context, () => two.load('hero.png?meshy'))

    const asset = await one.load('hero.png?meshy')

    expect(asset.metadata.state).toBe('ready')
    expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
    expect((await one.context.paying()).purse.budget.reserved).toBe(0)
  })

  it('pays once per folder at most when both begin at the same moment', async () => {
    const emulator = await startService()
    const runs = await Promise.all(
      ['one', 'two'].map(async (folder) => {
        await writePictures(path(folder), 'hero.png')
        return openRun({ root: path(folder), service: emulator })
      }),
    )

    const assets = await Promise.all(runs.map(({ load }) => load('hero.png?meshy')))

    // The service has nothing that would let two machines agree before both have paid.
    expect(assets.map(({ metadata }) => metadata.state)).toEqual(['ready', 'ready'])
    expect(emulator.counts.created).toBeLessThanOrEqual(2)
    const [third] = await Promise.all(
      ['one', 'two', 'three'].map(async (folder) => {
        await writePictures(path(folder), 'hero.png')
        return (await openRun({ root: path(folder), service: emulator })).load('hero.png?meshy')
      }),
    )
    expect(third?.metadata.state).toBe('ready')
    expect(emulator.counts.created).toBeLessThanOrEqual(2)
  })

  it('shares one flight among plugin instances of a process', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => openRun({ root: path(), service: emulator })),
    )
    let leases = 0
    for (const { store } of runs.map(({ context }) => context.ports)) {
      const { withLease } = store
      store.withLease = (...told) => {
        leases += 1
        return withLease(...told)
      }
    }

    const assets = await Promise.all(
      runs.flatMap(({ load }) => [load('hero.png?meshy'), load('hero.png?meshy')]),
    )

    expect(new Set(assets.map(({ metadata }) => metadata.integrity)).size).toBe(1)
    expect(leases).toBe(1)
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1, downloads: 1 })
  })
})
