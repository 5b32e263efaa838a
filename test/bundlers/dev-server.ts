import type { InlineConfig, ViteDevServer } from 'vite'
import { WebSocket } from 'undici'
import { expect, onTestFinished } from 'vitest'
import type { Options } from '../../src/index.ts'
import type { AssetMetadata } from '../../src/types.ts'
import meshyForVite from '../../src/vite.ts'
import { freePort } from '../support/free-port.ts'
import type { Project } from '../support/project.ts'
import { collectingLogger, type ViteName } from './harness.ts'

// Each is loaded when it is needed. They have types of their own, which fit each other in what is used here.
const SERVERS: Record<ViteName, (config: InlineConfig) => Promise<ViteDevServer>> = {
  'Vite 8': async (config) => (await import('vite')).createServer(config),
  'Vite 7': async (config) => (await import('vite7')).createServer(config as object) as never,
  'Vite 6': async (config) => (await import('vite6')).createServer(config as object) as never,
}

export interface DevServer {
  server: ViteDevServer
  url: string
  log: string[]
  /** What a browser gets for a path; throws unless the answer is 200. */
  text(path: string): Promise<string>
  bytes(path: string): Promise<Buffer>
  /** The model that a module imports, fetched as a browser does: importer, model's module, URL module where there is one, GLB. */
  model(importer?: string): Promise<ServedModel>
  /** The model as soon as it is so: fetched again at each message that makes a page reload. */
  until(fits: (metadata: AssetMetadata) => boolean): Promise<ServedModel>
  /** Resolves when the server has told a line like this. */
  told(line: RegExp): Promise<void>
  /** Resolves at the next message to the page of this type since the last call, or since the start. */
  message(type: 'full-reload' | 'update' | 'error' | 'custom'): Promise<object>
  /** The types of all messages to the page so far. */
  messageTypes: readonly string[]
  /** Takes the page away that the tests bring: then a browser's is the only one. */
  disconnect(): void
  close(): Promise<void>
}

export interface ServedModel {
  /** URL of its module, as it stands in the importer. */
  moduleUrl: string
  /** URL of the GLB. */
  url: string
  metadata: AssetMetadata
  glb: Buffer
}

/**
 * A dev server on a free port, with a page connected to it.
 *
 * @param run.meshy options of our plugin; without, the config brings it
 */
export async function startDev(
  vite: ViteName,
  { root }: Project,
  { meshy, config = {} }: { meshy?: Options; config?: InlineConfig },
): Promise<DevServer> {
  const log = new WatchedLog()
  const server = await SERVERS[vite]({
    root,
    configFile: false,
    customLogger: collectingLogger(log.lines),
    appType: 'custom',
    ...config,
    plugins: [...(meshy ? [meshyForVite(meshy)] : []), ...(config.plugins ?? [])],
    server: { host: '127.0.0.1', port: await freePort(), ...config.server },
  })
  await server.listen()
  const address = server.httpServer?.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const url = `http://127.0.0.1:${port}`
  const page = await connect(server, `ws://127.0.0.1:${port}${server.config.base}`)
  const bytes = (path: string) => download(new URL(path, url))
  const text = async (path: string) => (await bytes(path)).toString()
  const dev: DevServer = {
    server,
    url,
    log: log.lines,
    told: (line) => log.told(line),
    text,
    bytes,
    model: async (importer = '/main.js') => readModel(dev, importer),
    until: async (fits) => {
      for (;;) {
        const model = await dev.model()
        if (fits(model.metadata)) return model
        await page.message('full-reload')
      }
    },
    message: page.message,
    messageTypes: page.types,
    disconnect: page.close,
    close: async () => {
      page.close()
      await server.close()
    },
  }
  onTestFinished(() => dev.close())
  return dev
}

/** What a server tells, and a way to wait for it. */
class WatchedLog {
  #listeners = new Set<() => void>()
  readonly lines = new Proxy<string[]>([], {
    set: (lines, name, value) => {
      const isSet = Reflect.set(lines, name, value)
      for (const listener of this.#listeners) listener()
      return isSet
    },
  })

  told(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.lines.some((line) => pattern.test(line))) return
        this.#listeners.delete(look)
        resolve()
      }
      this.#listeners.add(look)
      look()
    })
  }
}

async function download(url: URL): Promise<Buffer> {
  const answer = await fetch(url)
  const bytes = Buffer.from(await answer.arrayBuffer())
  if (answer.status !== 200) throw new Error(`${url.pathname}: ${answer.status} ${bytes}`)
  return bytes
}

async function readModel({ text, bytes }: DevServer, importer: string): Promise<ServedModel> {
  const moduleUrl = firstMatch(await text(importer), /"([^"]+\.(?:png|jpe?g|json\.js)\?[^"]*meshy=[^"]*)"/)
  const code = await text(moduleUrl)
  const [, urlModule] = /import \w+ from "([^"]+)"/.exec(code) ?? []
  const url = urlModule
    ? firstMatch(await text(urlModule), /export default "([^"]+)"/)
    : firstMatch(code, /export const url = "([^"]+)"$/m)
  return {
    moduleUrl,
    url,
    metadata: JSON.parse(firstMatch(code, /^export const metadata = (.*)$/m)) as AssetMetadata,
    glb: await bytes(url),
  }
}

function firstMatch(text: string, pattern: RegExp): string {
  expect(text).toMatch(pattern)
  return pattern.exec(text)?.[1] ?? ''
}

/** A page as the dev server knows it: the socket that is told of updates. */
async function connect(server: ViteDevServer, address: string) {
  const socket = new WebSocket(`${address}?token=${server.config.webSocketToken}`, 'vite-hmr')
  const messages: { type: string }[] = []
  const types: string[] = []
  const listeners = new Set<() => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { type: string }
    messages.push(message)
    types.push(message.type)
    for (const listener of listeners) listener()
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', reject)
  })
  const message = (type: string) =>
    new Promise<object>((resolve) => {
      const look = () => {
        const index = messages.findIndex((one) => one.type === type)
        if (index < 0) return
        listeners.delete(look)
        resolve(messages.splice(0, index + 1).at(-1) ?? {})
      }
      listeners.add(look)
      look()
    })
  return { message, types, close: () => socket.close() }
}
