import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../../../support/listen.ts'

/** What a policy grants. */
export interface Grants {
  /** `s3:GetObject`. @default true */
  read?: boolean
  /** `s3:PutObject`. @default true */
  write?: boolean
  /** `s3:ListBucket`: without it, Amazon does not say that an object does not exist. */
  list?: boolean
  /** `s3:DeleteObject`. */
  remove?: boolean
}

/** A bucket that answers as Amazon documents. */
export interface Amazon {
  env: Record<string, string>
  /** By their names below the prefix. */
  objects: Map<string, Buffer>
  /** Answered requests: `PUT leases/…  200`. */
  log: string[]
  state: { isDown: boolean }
}

const PREFIX = '/bucket/game/'

/** Starts it for one test. Signatures are not checked. */
export async function startAmazon(grants: Grants = {}): Promise<Amazon> {
  const objects = new Map<string, Buffer>()
  const log: string[] = []
  const state = { isDown: false }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request)
    const name = (request.url ?? '').replace(PREFIX, '')
    if (state.isDown) response.writeHead(503).end()
    else answer({ request, response, body }, { name, objects, grants })
    log.push(`${request.method} ${name} ${response.statusCode}`)
  }
  const url = await listen((request, response) => void serve(request, response))
  const env = {
    MESHY_TEAM_STORE: 's3://bucket/game',
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }
  return { env, objects, log, state }
}

interface Call {
  request: IncomingMessage
  response: ServerResponse
  body: Buffer
}

interface Bucket {
  name: string
  objects: Map<string, Buffer>
  grants: Grants
}

function answer({ request, response, body }: Call, { name, objects, grants }: Bucket): void {
  const { method, headers } = request
  const refuse = (status: number, code: string) =>
    void response.writeHead(status).end(method === 'HEAD' ? undefined : `<Error><Code>${code}</Code></Error>`)
  const found = objects.get(name)
  if (method === 'PUT') {
    if (grants.write === false) return refuse(403, 'AccessDenied')
    if (headers['if-none-match'] === '*' && found) return refuse(412, 'PreconditionFailed')
    objects.set(name, body)
    response.writeHead(200).end()
    return
  }
  if (method === 'DELETE') {
    if (!grants.remove) return refuse(403, 'AccessDenied')
    objects.delete(name)
    response.writeHead(204).end()
    return
  }
  if (grants.read === false) return refuse(403, 'AccessDenied')
  if (!found) return grants.list ? refuse(404, 'NoSuchKey') : refuse(403, 'AccessDenied')
  response.writeHead(200, { 'content-length': found.length }).end(method === 'HEAD' ? undefined : found)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
