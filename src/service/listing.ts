import type { TaskKind } from '../request/task-kinds.ts'
import { parseTask, type Task } from './task.ts'
import { API_ROOT, type CallOptions, type SendJson } from './transport.ts'

export interface Page {
  /** From 1. */
  pageNum?: number | undefined
  /** At most 50, which is the default here. */
  pageSize?: number | undefined
  /** The default here is newest first. */
  sortBy?: '+created_at' | '-created_at' | undefined
}

export interface Listing {
  /** One page of the account's tasks of a kind. */
  list(kind: TaskKind, page?: Page, options?: CallOptions): Promise<Task[]>
  /**
   * All tasks of a kind, page by page, for as long as the reader wants more; of tasks without a time, the newest 500. A
   * listing that never ends is a `MESHY_API_BAD_RESPONSE`.
   */
  listAll(kind: TaskKind, page?: Omit<Page, 'pageNum'>, options?: CallOptions): AsyncGenerator<Task>
}

const PAGE_SIZE = 50

/** More than accounts create while the service keeps tasks. A listing that continues beyond that has no end. */
const MAX_TASKS = 10_000

/** The age of tasks without a time is unknown; they still come newest first. */
const MAX_UNDATED = 500

/** The calls that list tasks. The service gives no total: the last page is one that is not full. */
export function createListing(json: SendJson): Listing {
  async function readPage(kind: TaskKind, page: Page, { signal }: CallOptions) {
    const { pageNum = 1, pageSize = PAGE_SIZE, sortBy = '-created_at' } = page
    const query = { page_num: String(pageNum), page_size: String(pageSize), sort_by: sortBy }
    const { value, bad } = await json({ method: 'GET', path: `${API_ROOT}/${kind}`, query, signal })
    if (!Array.isArray(value)) throw bad('something that is not a list of tasks')
    const tasks = value.map((item) => parseTask(item)).filter((task) => task !== undefined)
    for (const task of tasks) task.kind = kind
    return { tasks, isLast: value.length < pageSize, bad }
  }

  return {
    async list(kind, page = {}, options = {}) {
      return (await readPage(kind, page, options)).tasks
    },

    async *listAll(kind, page = {}, options = {}) {
      const seen = new Set<string>()
      let undated = 0
      for (let pageNum = 1; ; pageNum += 1) {
        const { tasks, isLast, bad } = await readPage(kind, { ...page, pageNum }, options)
        // Tasks that were created in the meantime push others onto the next page, where they appear again.
        const fresh = tasks.filter(({ id }) => !seen.has(id))
        for (const { id } of fresh) seen.add(id)
        yield* fresh
        undated += fresh.filter(({ createdAt }) => createdAt === undefined).length
        if (isLast || fresh.length === 0 || undated >= MAX_UNDATED) return
        if (seen.size >= MAX_TASKS) throw bad(`a listing that does not end after ${seen.size} tasks`)
      }
    },
  }
}
