import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Connection } from './connection.ts'
import { createNodeConnection } from './node-connection.ts'

export type Handler = (request: Request, connection: Connection) => Promise<Response>

export interface Listening {
  /** Origin, without a slash at the end. */
  url: string
  close: () => Promise<void>
}

/** Serves a handler over HTTP. Port 0 takes any that is free. */
export async function listen(
  handler: Handler,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const listener = getRequestListener(
    (request, { outgoing }) => handler(request, createNodeConnection(outgoing)),
    // Others share the process: their Request and Response stay what they are.
    { overrideGlobalObjects: false },
  )
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('Expected a server with a port')
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${address.port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
