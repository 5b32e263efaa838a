import { randomBytes } from 'node:crypto'
import { by } from '../system/order.ts'
import type { Loaded } from './adapter.ts'
import { toBundlerError } from './bundler-error.ts'

/** The part of a Vite dev server that communicates with its pages. */
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
/** How long a page must be open before its tab counts as told: models that fail together reload it several times. */
const READ_MS = 2_000

/** Shows in a page why a model failed in the background, once per tab: the stand-in is shown anyway. */
export class Overlay {
  /** Distinguishes the reasons of this server from those of the previous one on the same port. */
  readonly #server = randomBytes(8).toString('hex')
  #count = 0
  /** By module: what is wrong now. */
  readonly #reasons = new Map<string, Reason>()
  readonly #isImported: (id: string) => boolean
  /** What each page was told. A new message hides the previous one. */
  readonly #told = new WeakMap<Page, Set<Reason>>()

  /** @param isImported whether any module still imports the one with an ID */
  constructor({ environments }: TalkingServer, isImported: (id: string) => boolean) {
    this.#isImported = isImported
    environments.client.hot.on(EVENT, ({ reason: id }, page) => {
      const reason = [...this.#reasons.values()].find((one) => one.id === id)
      if (reason) this.#tell(page, reason)
    })
  }

  /**
   * Code with which the page that shows a model asks why it failed; undefined for a model that did not. When its module
   * is loaded, the page may not be connected yet, and others may be.
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

  /** Many models may fail for the same reason. */
  #reasonOf(failure: unknown): Reason {
    const { message, stack = '' } = failure instanceof Error ? failure : new Error(String(failure))
    const known = [...this.#reasons.values()].find((reason) => reason.message === message)
    // The stack of an expected error says no more than its message.
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

/** A tab remembers across reloads what it was told. If it cannot, it is told at each reload. */
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
