/** A dev server of Vite, as far as it talks to its pages. */
export interface TalkingServer {
  environments: { client: { hot: { send(payload: object): void } } }
}

/** Shows in the page why a model failed in the background, each reason once: the stand-in is there all the same. */
export class Overlay {
  readonly #server: TalkingServer
  readonly #shown = new Set<string>()

  constructor(server: TalkingServer) {
    this.#server = server
  }

  /** To be called while a page loads the module: Vite keeps a message until somebody is there to get it. */
  show(error: unknown): void {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    if (this.#shown.has(message)) return
    this.#shown.add(message)
    // Of an error that we expected, the stack says no more than the message.
    const isPlace = /^\s+at /m.test(stack)
    const err = { message, stack: isPlace ? stack : '', plugin: 'unplugin-meshy' }
    this.#server.environments.client.hot.send({ type: 'error', err })
  }
}
