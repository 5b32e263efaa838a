import { describe, expect, it } from 'vitest'
import { Looks, type RecentTasks } from '../../../src/pipeline/paying/recent-tasks.ts'

const KIND = 'image-to-3d'

/** Lists that can be told apart, and how many there were. */
function lists() {
  const made: RecentTasks[] = []
  const list = async (): Promise<RecentTasks> => {
    const tasks = { byKey: new Map(), nameless: [], echoesNames: true }
    made.push(tasks)
    return tasks
  }
  return { made, list }
}

describe('Looks', () => {
  it('shares a look that is on its way or fresh', async () => {
    const looks = new Looks()
    const { made, list } = lists()

    await Promise.all([
      looks.share(KIND, { at: 1000, since: 0 }, list),
      looks.share(KIND, { at: 1001, since: 0 }, list),
    ])
    await looks.share(KIND, { at: 10_999, since: 500 }, list)

    expect(made).toHaveLength(1)
  })

  it.each([
    ['old', KIND, { at: 11_000, since: 0 }],
    ['too short', KIND, { at: 1001, since: -1 }],
    ['of another kind', 'multi-image-to-3d', { at: 1001, since: 0 }],
  ] as const)('looks again when the last one is %s', async (_, kind, wanted) => {
    const looks = new Looks()
    const { made, list } = lists()
    await looks.share(KIND, { at: 1000, since: 0 }, list)

    const tasks = await looks.share(kind, wanted, list)

    expect(made).toHaveLength(2)
    expect(tasks).toBe(made[1])
  })

  it('looks again when the last one failed', async () => {
    const looks = new Looks()
    const { made, list } = lists()
    const failing = () => Promise.reject(new Error('no answer'))
    await expect(looks.share(KIND, { at: 1000, since: 0 }, failing)).rejects.toThrow('no answer')

    await looks.share(KIND, { at: 1001, since: 0 }, list)

    expect(made).toHaveLength(1)
  })
})
