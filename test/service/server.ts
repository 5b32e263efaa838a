import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.ts'

/** A request as the server saw it. */
export interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export interface TestServer {
  url: string
  /** Every request so far, in order of arrival. */
  seen: Seen[]
}

export type Handler = (request: Seen, response: ServerResponse, count: number) => void

/** A real HTTP server on a free port of this machine, closed with the test. `count` is 1 for the first request. */
export async function startServer(handle: Handler): Promise<TestServer> {
  const seen: Seen[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    const entry = { method, url, headers, body: await readBody(request) }
    seen.push(entry)
    handle(entry, response, seen.length)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

/** An address of this machine at which nobody listens. */
export async function closedPort(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
