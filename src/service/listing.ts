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
  listAll(kind: TaskKind, range?: Range, options?: CallOptions): AsyncGenerator<Task>
}

interface Range extends Pick<Page, 'pageSize'> {
  /** The listing ends where tasks are older. Read after the first answer, when the clock of the service is known. */
  since?: () => number
}

const PAGE_SIZE = 50

/** More than accounts create while the service keeps tasks. A listing that continues beyond that has no end. */
const MAX_TASKS = 10_000

/** The age of tasks without a time is unknown; they still come newest first. */
const MAX_UNDATED = 500

/**
 * The calls that list tasks. The service gives no total, and a page that is shorter than requested may be as long as it
 * ever sends: the last page is empty, or shorter than an earlier one.
 */
export function createListing(json: SendJson): Listing {
  async function readPage(kind: TaskKind, page: Page, { signal }: CallOptions) {
    const { pageNum = 1, pageSize = PAGE_SIZE, sortBy = '-created_at' } = page
    const query = { page_num: String(pageNum), page_size: String(pageSize), sort_by: sortBy }
    const { value, bad } = await json({ method: 'GET', path: `${API_ROOT}/${kind}`, query, signal })
    if (!Array.isArray(value)) throw bad('something that is not a list of tasks')
    const tasks = value.map((item) => parseTask(item)).filter((task) => task !== undefined)
    for (const task of tasks) task.kind = kind
    return { tasks, count: value.length, isFull: value.length >= pageSize, bad }
  }

  return {
    async list(kind, page = {}, options = {}) {
      return (await readPage(kind, page, options)).tasks
    },

    async *listAll(kind, { since = () => -Infinity, ...range } = {}, options = {}) {
      const seen = new Set<string>()
      const old = new OldInARow()
      let [undated, longest] = [0, 0]
      for (let pageNum = 1; ; pageNum += 1) {
        const { tasks, count, isFull, bad } = await readPage(kind, { ...range, pageNum }, options)
        // Tasks that were created in the meantime push others onto the next page, where they appear again.
        const fresh = tasks.filter(({ id }) => !seen.has(id))
        for (const task of fresh) {
          seen.add(task.id)
          if (!old.note(task, since())) yield task
          if (old.proveEnd(OLD_WITHIN_PAGE)) return
        }
        undated += fresh.filter(({ createdAt }) => createdAt === undefined).length
        if (count < longest || fresh.length === 0 || undated >= MAX_UNDATED) return
        // Most accounts have older tasks, so that no further page is requested only to find it empty.
        if (!isFull && old.proveEnd(OLD_AT_END)) return
        if (seen.size >= MAX_TASKS) throw bad(`a listing that does not end after ${seen.size} tasks`)
        longest = Math.max(longest, count)
      }
    },
  }
}

/** One odd time must not hide what comes after it. The list is sorted, so many old tasks in a row are no accident. */
const OLD_WITHIN_PAGE = 20
/** Fewer are enough at the end of a page that is not full: very likely, it is the last one anyway. */
const OLD_AT_END = 3

/** The last tasks of a listing, as far as they are older than requested. */
class OldInARow {
  #times: number[] = []

  /** @returns whether the task is older */
  note({ createdAt }: Task, since: number): boolean {
    if (createdAt === undefined || createdAt >= since) this.#times = []
    // A service that sorts otherwise has the newest tasks at the end.
    else if (createdAt > (this.#times.at(-1) ?? createdAt)) this.#times = [createdAt]
    else this.#times.push(createdAt)
    return this.#times.length > 0
  }

  /** Whether there are so many that only older ones follow. Tasks of the same moment do not show an order. */
  proveEnd(count: number): boolean {
    const { length, [0]: first, [length - 1]: last } = this.#times
    return length >= count && first !== last
  }
}
