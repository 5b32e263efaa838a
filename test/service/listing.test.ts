import { describe, expect, it } from 'vitest'
import { clientOf } from './client-of.ts'
import { sendJson, startServer } from './server.ts'

const COUNT = 130

/** An account, newest first, whose list is changed after each of its pages. */
async function startAccount(change: (ids: number[], page: number) => void, ownSize?: number, count = COUNT) {
  const ids = Array.from({ length: count }, (_, index) => count - index)
  let pages = 0
  const server = await startServer(({ url }, response) => {
    const query = new URL(url, 'http://localhost').searchParams
    const [page, size] = [Number(query.get('page_num')), ownSize ?? Number(query.get('page_size'))]
    const shown = ids.slice((page - 1) * size, page * size)
    sendJson(
      response,
      200,
      shown.map((id) => ({ id: String(id), status: 'SUCCEEDED', created_at: 1_700_000_000_000 + id })),
    )
    change(ids, (pages += 1))
  })
  const { url, seen } = server
  return { client: clientOf(url), ids, seen }
}

async function listAll({ client }: Awaited<ReturnType<typeof startAccount>>): Promise<number[]> {
  const found: number[] = []
  for await (const { id } of client.listAll('image-to-3d')) found.push(Number(id))
  return found
}

let next = 1_000
const create = (count: number) => (ids: number[]) => {
  for (let i = 0; i < count; i += 1) ids.unshift((next += 1))
}

describe('a listing of all tasks', () => {
  it('is complete, with each task once, and asks for few pages more than it must', async () => {
    const account = await startAccount(() => undefined)

    expect(await listAll(account)).toEqual(account.ids)
    expect(account.seen).toHaveLength(4)
  })

  it.each([1, 7, 45, 50, 60, 95])(
    'leaves no task out while %i others are created after each page',
    async (count) => {
      const account = await startAccount((ids, page) => page < 6 && create(count)(ids))

      const found = await listAll(account)

      expect(found.filter((id) => id <= COUNT)).toEqual(
        Array.from({ length: COUNT }, (_, index) => COUNT - index),
      )
      expect(new Set(found).size).toBe(found.length)
    },
  )

  it.each([
    ['a few', 3, 30],
    ['many', 40, 30],
    ['so many that the next page is empty', 90, 0],
  ])('leaves no task out while %s of those that were read are deleted', async (_, count, from) => {
    const account = await startAccount(
      (ids, page) => page === 1 && ids.splice(from, Math.min(count, 50 - from)),
    )

    const found = await listAll(account)

    expect(account.ids.filter((id) => !found.includes(id))).toEqual([])
    expect(new Set(found).size).toBe(found.length)
  })

  it('ends even if it changes so fast that no two pages join', async () => {
    const account = await startAccount((ids) => {
      ids.splice(0, 60)
      create(60)(ids)
    })

    expect((await listAll(account)).length).toBeGreaterThan(COUNT)
  })

  it.each([20, 45, 50])(
    'is complete where the service has pages of %i, whatever is requested',
    async (own) => {
      const account = await startAccount(() => undefined, own)

      expect(await listAll(account)).toEqual(account.ids)
    },
  )
})
