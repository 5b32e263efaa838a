import { randomBytes } from 'node:crypto'

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
  readonly #reasons = new Map<string, Reason>()
  /** What each page shows. A new message would hide the one before. */
  readonly #shown = new WeakMap<Page, Set<Reason>>()

  constructor({ environments }: TalkingServer) {
    environments.client.hot.on(EVENT, ({ reason: id }, page) => {
      const reason = this.#reasons.get(String(id))
      if (reason) this.#show(page, reason)
    })
  }

  /**
   * Code by which the page that shows the model asks for the reason. When its module is loaded, it may not be connected
   * yet, and others may be.
   */
  codeFor(failure: unknown): string {
    const { message, stack = '' } = failure instanceof Error ? failure : new Error(String(failure))
    // Many models may fail for one reason.
    const known = [...this.#reasons].find(([, reason]) => reason.message === message)
    const id = known?.[0] ?? `${EVENT}:${this.#server}:${this.#reasons.size}`
    // Of an error that we expected, the stack says no more than the message.
    const isPlace = /^\s+at /m.test(stack)
    if (!known) this.#reasons.set(id, { message, stack: isPlace ? stack : '' })
    return askingCode(id)
  }

  #show(page: Page, reason: Reason): void {
    const shown = this.#shown.get(page) ?? new Set()
    this.#shown.set(page, shown)
    if (shown.has(reason)) return
    shown.add(reason)
    const reasons = [...shown]
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
  let isTold = false
  try {
    isTold = sessionStorage.getItem(${quoted}) !== null
    setTimeout(() => sessionStorage.setItem(${quoted}, ''), ${READ_MS})
  } catch {}
  if (!isTold) import.meta.hot.send('${EVENT}', { reason: ${quoted} })
}
`
}
