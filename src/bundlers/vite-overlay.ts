/** A dev server of Vite, as far as it talks to its pages. */
export interface TalkingServer {
  environments: { client: { hot: { on(event: string, listener: Listener): void } } }
}

type Listener = (data: { key?: unknown }, page: { send(payload: object): void }) => void

const EVENT = 'unplugin-meshy:failure'

/** Shows in the page why a model failed in the background, each reason once: the stand-in is there all the same. */
export class Overlay {
  /** By the key of the model. */
  readonly #reasons = new Map<string, unknown>()
  readonly #shown = new Set<string>()

  constructor({ environments }: TalkingServer) {
    environments.client.hot.on(EVENT, ({ key }, page) => {
      const err = this.#take(String(key))
      if (err) page.send({ type: 'error', err })
    })
  }

  /**
   * Code by which the page that shows the model asks for the reason. When its module is loaded, it may not be connected
   * yet, and others may be.
   */
  codeFor(key: string, reason: unknown): string {
    this.#reasons.set(key, reason)
    return `if (import.meta.hot) import.meta.hot.send('${EVENT}', ${JSON.stringify({ key })})\n`
  }

  #take(key: string): object | undefined {
    const reason = this.#reasons.get(key)
    if (reason === undefined) return undefined
    const { message, stack = '' } = reason instanceof Error ? reason : new Error(String(reason))
    if (this.#shown.has(message)) return undefined
    this.#shown.add(message)
    // Of an error that we expected, the stack says no more than the message.
    const isPlace = /^\s+at /m.test(stack)
    return { message, stack: isPlace ? stack : '', plugin: 'unplugin-meshy' }
  }
}
