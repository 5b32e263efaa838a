import { describe, expect, it } from 'vitest'
import { MeshyError } from '../../src/system/errors.ts'
import { Budget } from '../../src/generate/budget.ts'
import { Batch, type Admission, type Candidate } from '../../src/generate/batch.ts'
import { Permission } from '../../src/finding/permission.ts'
import type { Clock } from '../../src/system/clock.ts'

/** Candidates are only passed through. */
const candidate = (name: string) =>
  ({ request: { key: name, imageName: `${name}.png` }, record: undefined }) as unknown as Candidate
const admission = (): Admission => ({
  permission: Permission.ofYes('a'),
  reservation: new Budget().reserve(30, 30),
  listedAt: 0,
  batch: new AbortController(),
})

/** A clock that does something while others sleep. */
function clockThat(onSleep: (count: number) => void): Clock {
  let count = 0
  return { now: () => 0, sleep: async () => onSleep(++count) }
}

describe('Batch', () => {
  it('decides about all at once when the module graph has been quiet', async () => {
    const decided: string[][] = []
    let modules = 0
    const late: Promise<unknown>[] = []
    const clock = clockThat((count) => {
      if (count === 1) modules = 5
      if (count === 2) late.push(batch.admit(candidate('late')))
    })
    const batch = new Batch(
      clock,
      async (candidates) => {
        decided.push(candidates.map(({ request }) => request.key))
        return candidates.map(admission)
      },
      () => modules,
    )

    // Bundlers load modules in another order each time; what is announced and paid has one.
    await Promise.all([batch.admit(candidate('b')), batch.admit(candidate('a'))])
    await Promise.all(late)

    expect(decided).toEqual([['a', 'b', 'late']])
  })

  it('decides about those who come during a decision in the next one', async () => {
    const decided: string[][] = []
    let late: Promise<unknown> | undefined
    const batch: Batch = new Batch(
      clockThat(() => {}),
      async (candidates) => {
        decided.push(candidates.map(({ request }) => request.key))
        late ??= batch.admit(candidate('late'))
        return candidates.map(admission)
      },
      () => 0,
    )

    await batch.admit(candidate('a'))
    await late

    expect(decided).toEqual([['a'], ['late']])
  })

  it('gives each its own admission or error', async () => {
    const refusal = new MeshyError('MESHY_BUDGET_EXCEEDED', { message: 'Too much.', hint: 'Less.' })
    const granted = admission()
    const batch = new Batch(
      clockThat(() => {}),
      async () => [granted, refusal],
      () => 0,
    )

    const results = await Promise.allSettled([batch.admit(candidate('a')), batch.admit(candidate('b'))])

    expect(results).toEqual([
      { status: 'fulfilled', value: granted },
      { status: 'rejected', reason: refusal },
    ])
  })

  it('fails all when it cannot decide, and goes on with the next', async () => {
    let count = 0
    const batch = new Batch(
      clockThat(() => {}),
      async (candidates) => {
        if (++count === 1) throw new Error('offline')
        return candidates.map(admission)
      },
      () => 0,
    )

    await expect(Promise.all([batch.admit(candidate('a')), batch.admit(candidate('b'))])).rejects.toThrow(
      'offline',
    )
    expect(await batch.admit(candidate('c'))).toHaveProperty('reservation')
  })
})
