import { describe, expect, it } from 'vitest'
import { TaskListCache, type RecentTasks } from '../../src/generate/recent-tasks.ts'

const KIND = 'image-to-3d'

/** Lists that end when the test says so. */
function lists() {
  const begun: { since: number; end: (error?: Error) => void; tasks: RecentTasks }[] = []
  const list = (since: number) => {
    const tasks: RecentTasks = { byKey: new Map(), keyless: [] }
    return new Promise<RecentTasks>((resolve, reject) => {
      begun.push({ since, tasks, end: (error) => (error ? reject(error) : resolve(tasks)) })
    })
  }
  return { begun, list }
}

describe('TaskListCache', () => {
  it('trusts no look that began before it was asked for, and shares the next one', async () => {
    const looks = new TaskListCache()
    const { begun, list } = lists()
    const first = looks.share(KIND, 20, list)

    const others = [looks.share(KIND, 20, list), looks.share(KIND, 10, list), looks.share(KIND, 30, list)]
    expect(begun).toHaveLength(1)
    begun[0]?.end()
    await expect.poll(() => begun.length).toBe(2)
    begun[1]?.end()

    expect(await first).toBe(begun[0]?.tasks)
    expect(new Set(await Promise.all(others))).toEqual(new Set([begun[1]?.tasks]))
    // It reaches back as far as the one wants who wants to see the most.
    expect(begun.map(({ since }) => since)).toEqual([20, 10])
  })

  it('looks again when the last one has ended', async () => {
    const looks = new TaskListCache()
    const { begun, list } = lists()
    const first = looks.share(KIND, 0, list)
    begun[0]?.end()
    await first

    void looks.share(KIND, 0, list)

    expect(begun).toHaveLength(2)
  })

  it('looks at each kind by itself', () => {
    const looks = new TaskListCache()
    const { begun, list } = lists()

    void looks.share(KIND, 0, list)
    void looks.share('multi-image-to-3d', 0, list)

    expect(begun).toHaveLength(2)
  })

  it('looks again when the one before failed', async () => {
    const looks = new TaskListCache()
    const { begun, list } = lists()
    const first = looks.share(KIND, 0, list)
    const second = looks.share(KIND, 0, list)

    begun[0]?.end(new Error('no answer'))
    await expect(first).rejects.toThrow('no answer')
    await expect.poll(() => begun.length).toBe(2)
    begun[1]?.end()

    expect(await second).toBe(begun[1]?.tasks)
  })
})
