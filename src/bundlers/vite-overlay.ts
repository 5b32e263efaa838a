import { randomBytes } from 'node:crypto'
import { by } from '../system/order.ts'
import type { Loaded } from './adapter.ts'
import { toBundlerError } from './bundler-error.ts'

/** A dev server of Vite, as far as it talks to its pages. */
export interface TalkingServer {
  environments: { client: { hot: { on(event: string, listener: Listener): void } } }
}

type Listener = (data: { reason?: unknown }, page: Page) => void

interface Page {
  send(payload: object): void
}

/** Why models failed, as a page may be told. */
interface Reason {
  id: string
  message: string
  stack: string
}

const EVENT = 'unplugin-meshy:failure'
/** How long a page must have stood before its tab counts as told: models that fail together reload it several times. */
const READ_MS = 2_000

/** Shows in a page why a model failed in the background, once in each tab: the stand-in is there all the same. */
export class Overlay {
  /** Tells the reasons of this server apart from those of the one before, on the same port. */
  readonly #server = randomBytes(8).toString('hex')
  #count = 0
  /** By module: what is wrong now. */
  readonly #reasons = new Map<string, Reason>()
  readonly #isImported: (id: string) => boolean
  /** What each page was told. A new message hides the one before. */
  readonly #told = new WeakMap<Page, Set<Reason>>()

  /** @param isImported whether any module still imports the one with an id */
  constructor({ environments }: TalkingServer, isImported: (id: string) => boolean) {
    this.#isImported = isImported
    environments.client.hot.on(EVENT, ({ reason: id }, page) => {
      const reason = [...this.#reasons.values()].find((one) => one.id === id)
      if (reason) this.#tell(page, reason)
    })
  }

  /**
   * Code by which the page that shows a model asks why it failed; undefined for one that did not. When its module is
   * loaded, the page may not be connected yet, and others may be.
   */
  codeFor({ id, asset }: Loaded, root: string): string | undefined {
    if (asset?.failure === undefined) {
      this.#reasons.delete(id)
      return undefined
    }
    const reason = this.#reasonOf(toBundlerError(asset.failure, root))
    this.#reasons.set(id, reason)
    return askingCode(reason.id)
  }

  /** Many models may fail for one reason. */
  #reasonOf(failure: unknown): Reason {
    const { message, stack = '' } = failure instanceof Error ? failure : new Error(String(failure))
    const known = [...this.#reasons.values()].find((reason) => reason.message === message)
    // Of an error that we expected, the stack says no more than the message.
    const isPlace = /^\s+at /m.test(stack)
    return known ?? { id: `${EVENT}:${this.#server}:${this.#count++}`, message, stack: isPlace ? stack : '' }
  }

  #tell(page: Page, reason: Reason): void {
    const told = this.#told.get(page) ?? new Set()
    this.#told.set(page, told)
    if (told.has(reason)) return
    told.add(reason)
    const others = [...this.#reasons].filter(([id, one]) => told.has(one) && this.#isImported(id))
    const now = new Set([reason, ...others.map(([, one]) => one)])
    const reasons = [...now].toSorted(by(({ message }) => [message]))
    const err = {
      message: reasons.map(({ message }) => message).join('\n\n'),
      stack: reasons.map(({ stack }) => stack).join(''),
      plugin: 'unplugin-meshy',
    }
    page.send({ type: 'error', err })
  }
}

/** A tab remembers over reloads what it was told. Where it may not, it is told at each of them. */
function askingCode(id: string): string {
  const quoted = JSON.stringify(id)
  return `if (import.meta.hot && typeof document !== 'undefined') {
  const told = (use) => {
    try {
      return use(sessionStorage)
    } catch {
      // Storage is blocked here.
    }
  }
  if (!told((storage) => storage.getItem(${quoted}))) import.meta.hot.send('${EVENT}', { reason: ${quoted} })
  setTimeout(() => told((storage) => storage.setItem(${quoted}, 'told')), ${READ_MS})
}
`
}
