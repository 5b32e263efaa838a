import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningEmulator } from '../../src/emulator.ts'
import { bytesOf } from '../../src/system/transfer.ts'
import type { OnFinished } from './service.ts'

/** A door before the service at which requests and answers can be held. */
export interface Gate {
  url: string
  /** Awaited before a request has its effect. */
  onRequest: (request: { method: string; path: string }) => Promise<void> | void
  /** Awaited before an answer leaves, after the effect. */
  onAnswer: (request: { method: string; path: string }) => Promise<void> | void
  /** How far the clock is ahead that dates its answers, in milliseconds. */
  aheadMs: number
  /** Stops listening; requests on their way are answered. */
  shut(): void
  isOpen(): boolean
  /** Listens again, at the same address. */
  reopen(): Promise<void>
}

/** Puts a gate before an emulator. A client that is gone does not stop its request: it has arrived. */
export async function startGate(emulator: RunningEmulator, onFinished: OnFinished): Promise<Gate> {
  const server = createServer((request, response) => void pass(request, response))
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const gate: Gate = {
    url: `http://127.0.0.1:${port}`,
    onRequest: () => {},
    onAnswer: () => {},
    aheadMs: 0,
    shut: () => void server.close(),
    isOpen: () => server.listening,
    reopen: () => listen(port),
  }
  onFinished(async () => {
    server.closeAllConnections()
    server.close()
  })

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    const body = await readBody(request)
    await gate.onRequest({ method, path: url })
    const answer = await emulator.fetch(
      new Request(`${emulator.url}${url}`, {
        method,
        headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' },
        ...(body.length > 0 && { body }),
      }),
    )
    await gate.onAnswer({ method, path: url })
    // One connection for each request, so that a gate that is shut is shut.
    const date = new Date(Date.parse(answer.headers.get('date') ?? '') + gate.aheadMs).toUTCString()
    response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), date, connection: 'close' })
    for await (const chunk of bytesOf(answer)) response.write(chunk)
    response.end()
  }
  return gate
}

/** Holds the answers to submissions. Returns what lets them go. */
export function holdSubmissions(gate: Gate): () => void {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  gate.onAnswer = ({ method }) => (method === 'POST' ? released : undefined)
  return () => release()
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
