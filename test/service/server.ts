import type { IncomingMessage, ServerResponse } from 'node:http'
import { freePort } from '../support/free-port.ts'
import { listen } from '../support/listen.ts'

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
  return { url: await listen((request, response) => void answer(request, response)), seen }
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
