import type { HttpBindings, Http2Bindings } from '@hono/node-server'
import type { Connection } from './connection.ts'

/** The socket of a request that came over HTTP. */
export function createNodeConnection(outgoing: (HttpBindings | Http2Bindings)['outgoing']): Connection {
  return {
    cut() {
      outgoing.socket?.destroy()
      return undefined
    },
    async flushed() {
      while (!outgoing.destroyed && !(outgoing.headersSent && outgoing.writableLength === 0)) {
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
