import type { IncomingMessage } from 'node:http'
import { listen } from '../../../support/listen.ts'

/** A server that keeps what is put, in memory. */
export interface CasServer {
  url: string
  /** By path. */
  files: Map<string, Buffer>
  /** Who came, in order. */
  seen: { method: string; authorization: string | undefined }[]
}

/** Starts one for a test. Only whoever gives `authorization` may write. */
export async function startCas(authorization?: string): Promise<CasServer> {
  const [files, seen] = [new Map<string, Buffer>(), [] as CasServer['seen']]
  const url = await listen(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const body = await bytesOf(request)
    seen.push({ method, authorization: headers.authorization })
    if (method !== 'PUT') {
      const file = files.get(path)
      response.writeHead(file ? 200 : 404).end(method === 'GET' ? file : undefined)
      return
    }
    const isAllowed = authorization === undefined || headers.authorization === authorization
    if (isAllowed) files.set(path, body)
    response.writeHead(isAllowed ? 201 : 401).end()
  })
  return { url, files, seen }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
