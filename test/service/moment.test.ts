import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTask } from '../../src/service/task.ts'

const MOMENT = Date.UTC(2026, 1, 3, 4, 5, 6)

describe('the times and numbers of a task', () => {
  const createdAt = (created_at: unknown) => parseTask({ id: 'a', created_at })?.createdAt

  it.each([
    ['milliseconds', MOMENT],
    ['seconds', MOMENT / 1e3],
    ['microseconds', MOMENT * 1e3],
    ['nanoseconds', MOMENT * 1e6],
    ['text', String(MOMENT)],
    ['a date', new Date(MOMENT).toISOString()],
  ])('are read when they come as %s', (_, value) => {
    expect(createdAt(value)).toBe(MOMENT)
  })

  it.each([
    -1,
    1,
    8.7e15,
    1e300,
    Number.NaN,
    '+275760-09-13T00:00:00.000Z',
    '1970-01-01',
    'soon',
    {},
    [MOMENT],
    true,
  ])('are not there when they cannot be right: %s', (value) => {
    expect(createdAt(value)).toBeUndefined()
  })

  it.each([
    [30, 30],
    ['30', 30],
    [-5, undefined],
    [0, undefined],
    ['many', undefined],
    [null, undefined],
    [{}, undefined],
  ])('say of %j consumed credits: %j', (consumed_credits, credits) => {
    expect(parseTask({ id: 'a', consumed_credits })?.consumedCredits).toBe(credits)
  })

  it('are absent or can be written down, whatever is sent', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.double(), fc.maxSafeInteger(), fc.date().map(String))
    const wire = fc.record({
      created_at: odd,
      started_at: odd,
      finished_at: odd,
      expires_at: odd,
      consumed_credits: odd,
      preceding_tasks: odd,
      progress: odd,
    })
    fc.assert(
      fc.property(wire, (fields) => {
        const task = parseTask({ id: 'a', ...fields })
        for (const ms of [task?.createdAt, task?.startedAt, task?.finishedAt]) {
          if (ms !== undefined) expect(new Date(ms).toISOString()).toMatch(/^20\d\d-/)
        }
        for (const count of [task?.consumedCredits, task?.precedingTasks, task?.progress]) {
          if (count !== undefined) expect(count).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
