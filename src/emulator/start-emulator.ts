import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings, type Http2Bindings } from '@hono/node-server'
import type { Connection } from './wire.ts'
import { createEmulator, type Emulator } from './create-emulator.ts'
import type { EmulatorOptions } from './options.ts'

export interface StartOptions extends Omit<EmulatorOptions, 'assetsUrl'> {
  /** Port of the API; 0 picks a free port. @default 0 */
  port?: number | undefined
  /** Port of the files; 0 picks a free port. @default 0 */
  assetsPort?: number | undefined
  /** Address to listen on. @default '127.0.0.1' */
  host?: string | undefined
}

/** A listening emulator. */
export interface RunningEmulator extends Emulator {
  /** The value for `baseUrl` or MESHY_BASE_URL. */
  url: string
}

/**
 * Starts the Meshy API on this machine, and its files on another port.
 *
 * @example
 * const emulator = await startEmulator()
 * await build({ plugins: [meshy({ baseUrl: emulator.url, apiKey: emulator.apiKey, mode: 'generate' })] })
 * expect(emulator.counts.posts).toBe(1)
 * await emulator.close()
 */
export async function startEmulator(options: StartOptions = {}): Promise<RunningEmulator> {
  const { port = 0, assetsPort = 0, host = '127.0.0.1', ...rest } = options
  const handler: { handle: Handler } = { handle: () => Promise.resolve(new Response(null, { status: 503 })) }
  const handle: Handler = (request, connection) => handler.handle(request, connection)
  const assets = await listen(handle, { host, port: assetsPort })
  const emulator = createEmulator({ ...rest, assetsUrl: assets.url })
  handler.handle = emulator.handle
  const api = await listen(handle, { host, port }).catch(async (error: unknown) => {
    await assets.close()
    throw error
  })
  const { close } = emulator
  return Object.assign(emulator, {
    url: api.url,
    close: async () => {
      await Promise.all([close(), api.close(), assets.close()])
    },
  })
}

type Handler = (request: Request, connection: Connection) => Promise<Response>

interface Listening {
  /** Origin, without a trailing slash. */
  url: string
  close: () => Promise<void>
}

/** Serves a handler over HTTP. Port 0 picks a free port. */
export async function listen(
  handler: Handler,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const listener = getRequestListener(
    (request, { outgoing }) => handler(request, createNodeConnection(outgoing)),
    // Other code shares the process: its Request and Response stay what they are.
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

/** The socket of a request that came over HTTP. */
function createNodeConnection(outgoing: (HttpBindings | Http2Bindings)['outgoing']): Connection {
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
