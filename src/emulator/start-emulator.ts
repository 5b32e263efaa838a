import { createEmulator } from './create-emulator.ts'
import type { Emulator } from './create-emulator.ts'
import { listen } from './listen.ts'
import type { Handler } from './listen.ts'
import type { EmulatorOptions } from './options.ts'

export interface StartOptions extends Omit<EmulatorOptions, 'assetsUrl'> {
  /** Port of the API; 0 takes any that is free. @default 0 */
  port?: number | undefined
  /** Port of the files; 0 takes any that is free. @default 0 */
  assetsPort?: number | undefined
  /** Address to listen on. @default '127.0.0.1' */
  host?: string | undefined
}

/** An emulator that listens. */
export interface RunningEmulator extends Emulator {
  /** What to give as `baseUrl` or MESHY_BASE_URL. */
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
  return {
    url: api.url,
    assetsUrl: emulator.assetsUrl,
    apiKey: emulator.apiKey,
    requests: emulator.requests,
    get counts() {
      return emulator.counts
    },
    get balance() {
      return emulator.balance
    },
    fetch: emulator.fetch,
    tasks: emulator.tasks,
    fail: emulator.fail,
    heal: emulator.heal,
    models: emulator.models,
    async close() {
      await Promise.all([emulator.close(), api.close(), assets.close()])
    },
  }
}
