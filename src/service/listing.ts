import type { TaskKind } from '../request/task-kinds.ts'
import { parseTask, type Task } from './task.ts'
import { API_ROOT, type CallOptions, type SendJson } from './transport.ts'

export interface Listing {
  /**
   * All tasks of a kind, newest first, page by page, for as long as the reader wants more; of tasks without a time, the newest 500.
   * None is left out because others are created or deleted meanwhile. A listing that never ends is a
   * `MESHY_API_BAD_RESPONSE`.
   */
  listAll(kind: TaskKind, range?: Range, options?: CallOptions): AsyncGenerator<Task>
}

interface Range {
  /** At most 50, which is the default here. */
  pageSize?: number | undefined
  /** The listing ends where tasks are older. Read after the first answer, when the clock of the service is known. */
  since?: () => number
}

const PAGE_SIZE = 50

/** More than accounts create while the service keeps tasks. A listing that continues beyond that has no end. */
const MAX_TASKS = 10_000

/** The age of tasks without a time is unknown; they still come newest first. */
const MAX_UNDATED = 500

/** How many tasks the next page repeats, if it can: this many may be deleted while it is on its way. */
const OVERLAP = 5

/** How often a listing is read from its start because its pages did not join, before they are taken as they come. */
const MAX_PASSES = 3

/** The call that lists tasks. */
export function createListing(json: SendJson): Listing {
  return {
    async *listAll(kind, { since = () => -Infinity, pageSize = PAGE_SIZE } = {}, { signal } = {}) {
      const read = async ({ pageNum: page, pageSize: size }: Window): Promise<ReadPage> => {
        const query = { page_num: String(page), page_size: String(size), sort_by: '-created_at' }
        const { value, bad } = await json({ method: 'GET', path: `${API_ROOT}/${kind}`, query, signal })
        if (!Array.isArray(value)) throw bad('something that is not a list of tasks')
        const tasks = value.map((item) => parseTask(item)).filter((task) => task !== undefined)
        for (const task of tasks) task.kind = kind
        return { tasks, count: value.length, bad }
      }
      const seen: Seen = { ids: new Set(), undated: 0 }
      for (let passes = 1; ; passes += 1) {
        const pages = new Pages(pageSize, { mayOverlap: passes < MAX_PASSES })
        if (yield* readThrough(read, { pages, since, seen })) return
      }
    },
  }
}

interface ReadPage {
  tasks: Task[]
  /** With those that are not tasks. */
  count: number
  bad: (what: string) => Error
}

/** What was told in all passes. */
interface Seen {
  ids: Set<string>
  undated: number
}

/** Yields what is not older than requested and was not yielded yet. @returns false if a page does not join the others */
async function* readThrough(
  read: (page: Window) => Promise<ReadPage>,
  { pages, since, seen }: { pages: Pages; since: () => number; seen: Seen },
): AsyncGenerator<Task, boolean> {
  const old = new OldInARow()
  for (;;) {
    const page = await read(pages.next)
    const isFull = page.count >= pages.next.pageSize
    if (!pages.joins(page)) return false
    const isLast = pages.endWith(page)
    for (const task of pages.fresh) {
      const isOld = old.note(task, since())
      if (!isOld && !seen.ids.has(task.id)) yield noted(seen, task)
      if (old.proveEnd(OLD_WITHIN_PAGE)) return true
    }
    if (isLast || seen.undated >= MAX_UNDATED) return true
    // Most accounts have older tasks, so that no further page is requested only to find it empty.
    if (!isFull && old.proveEnd(OLD_AT_END)) return true
    if (pages.count >= MAX_TASKS) throw page.bad(`a listing that does not end after ${pages.count} tasks`)
  }
}

function noted(seen: Seen, task: Task): Task {
  seen.ids.add(task.id)
  if (task.createdAt === undefined) seen.undated += 1
  return task
}

interface Window {
  pageNum: number
  pageSize: number
}

/**
 * The pages of a listing, newest first, of which nobody gives the total. New tasks push others onto the next page, where
 * they appear again; deleted ones pull others onto the previous page. Each page therefore repeats the end of the
 * previous one, as far as the service can be asked for that.
 *
 * A page that is shorter than requested may be as long as the service ever sends: the first page shows how long. The
 * last page is empty, or shorter than that.
 */
class Pages {
  next: Window
  /** The tasks of the last page that no page before it had. */
  fresh: Task[] = []
  /** How many tasks were read, with repeated ones. */
  count = 0
  readonly #ids = new Set<string>()
  #overlaps: boolean
  /** The length of a full page; undefined before the first one. */
  #size: number | undefined
  #first: string | undefined
  #repeats = 0

  constructor(pageSize: number, { mayOverlap }: { mayOverlap: boolean }) {
    this.next = { pageNum: 1, pageSize }
    this.#overlaps = mayOverlap
  }

  /** Whether nothing is missing between a page and those before it. */
  joins({ tasks, count }: ReadPage): boolean {
    if (this.#size === undefined) return true
    // The service has pages of its own.
    if (count > this.next.pageSize) this.#overlaps = false
    return !this.#overlaps || tasks.some(({ id }) => this.#ids.has(id))
  }

  /** Moves on to the next page. @returns whether this was the last one */
  endWith({ tasks, count }: ReadPage): boolean {
    this.fresh = tasks.filter(({ id }) => !this.#ids.has(id))
    for (const { id } of this.fresh) this.#ids.add(id)
    this.count += count
    const isLast = this.#isLast(count, tasks[0]?.id)
    this.#first ??= tasks[0]?.id
    this.#size = Math.max(this.#size ?? 0, count)
    this.#advance(this.#size)
    return isLast
  }

  #isLast(count: number, first: string | undefined): boolean {
    if (this.#size === undefined) return count === 0
    const isStale = this.fresh.length === 0
    if (!this.#overlaps) return isStale || count < this.#size
    // As many new tasks as there are on a page may look like a service that repeats its first page, but only once.
    this.#repeats = isStale && first === this.#first ? this.#repeats + 1 : 0
    return count < this.next.pageSize || this.#repeats > 1
  }

  #advance(size: number): void {
    const { pageNum, pageSize } = this.next
    const read = pageNum * Math.min(pageSize, size)
    const next = this.#overlaps ? overlapping(read, size) : undefined
    this.#overlaps = next !== undefined
    this.next = next ?? { pageNum: pageNum + 1, pageSize }
  }
}

/** The page that repeats the end of what was read, and has most beyond it; undefined if none has both. */
function overlapping(read: number, maxSize: number): Window | undefined {
  let best: Window | undefined
  let end = read
  for (let pageSize = maxSize; pageSize > 0; pageSize -= 1) {
    const before = Math.floor((read - OVERLAP) / pageSize)
    if (before < 1 || (before + 1) * pageSize <= end) continue
    end = (before + 1) * pageSize
    best = { pageNum: before + 1, pageSize }
  }
  return best
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
