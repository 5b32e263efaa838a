import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AwsClient } from 'aws4fetch'

/** A server of objects that runs here, for one test file. */
export interface StoreServer {
  url: string
  stop(): Promise<void>
}

/** A server that speaks S3, with an account. */
export interface S3Server extends StoreServer {
  env: Record<string, string>
  createBucket(name: string, options?: { openReading?: boolean }): Promise<void>
  /** A signed request of the owner. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

const run = promisify(execFile)
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What is missing on this machine for the server; undefined when it can be started. */
export const missing = {
  rgw: lacks('radosgw', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool'),
  nginx: lacks('nginx'),
  swift: existsSync('/usr/bin/swift-proxy-server') ? undefined : 'swift-proxy-server',
}

function lacks(...programs: string[]): string | undefined {
  return programs.find((program) => spawnSync('which', [program]).status !== 0)
}

/** Ceph's object gateway: decides by itself who was first to write a name. */
export async function startRgw(): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rgw-'))
  const port = await freeRange(91)
  await run('bash', [script('rgw.sh'), 'start', folder, String(port)])
  return s3Server(`http://127.0.0.1:${port}`, { id: 'testkey', secret: 'testsecret' }, async () => {
    await run('bash', [script('rgw.sh'), 'stop', folder])
  })
}

/** OpenStack Swift: cannot decide who was first, and lets nobody read without a key. */
export async function startSwift(): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'swift-'))
  const port = await freeRange(4)
  // The system's Python, which has Debian's packages.
  const child = spawn('/usr/bin/python3', [script('swift-store.py'), folder, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return s3Server(`http://127.0.0.1:${port}`, { id: 'test:tester', secret: 'testing' }, async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
}

/** nginx: bytes at `/cas/<sha256>`. */
export async function startNginx(): Promise<StoreServer & { writer: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nginx-'))
  const port = await freeRange(1)
  await run('bash', [script('nginx.sh'), 'start', folder, String(port)])
  return {
    url: `http://127.0.0.1:${port}`,
    writer: `http://ci:s3cret@127.0.0.1:${port}`,
    stop: async () => {
      await run('bash', [script('nginx.sh'), 'stop', folder])
    },
  }
}

function s3Server(
  url: string,
  { id, secret }: { id: string; secret: string },
  stop: () => Promise<void>,
): S3Server {
  const client = new AwsClient({
    accessKeyId: id,
    secretAccessKey: secret,
    service: 's3',
    region: 'us-east-1',
  })
  const signed = (name: string, init: RequestInit = {}) => client.fetch(`${url}/${name}`, init)
  return {
    url,
    env: {
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'us-east-1',
    },
    fetch: signed,
    createBucket: async (name, { openReading = false } = {}) => {
      await mustBeOk(await signed(name, { method: 'PUT' }))
      if (openReading)
        await mustBeOk(await signed(`${name}?policy`, { method: 'PUT', body: openPolicy(name) }))
    },
    stop,
  }
}

function openPolicy(bucket: string): string {
  const statement = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${bucket}/*`,
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

async function mustBeOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
}

/** The first of so many ports in a row that are free. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 12_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
