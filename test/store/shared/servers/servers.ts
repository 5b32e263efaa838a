import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AwsClient } from 'aws4fetch'
import { oncePerRun, type Started } from '../../../support/once-per-run.ts'

/** A server of objects that runs here, for all test files: each has buckets of its own. */
interface StoreServer {
  url: string
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
  const { port } = await oncePerRun('rgw', () => startDaemon('rgw', 91))
  return s3Server(`http://127.0.0.1:${port}`, { id: 'testkey', secret: 'testsecret' })
}

/** OpenStack Swift: cannot decide who was first, and lets nobody read without a key. */
export async function startSwift(): Promise<S3Server> {
  const { port } = await oncePerRun('swift', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'swift-'))
    const first = await freeRange(4)
    // The system's Python, which has Debian's packages.
    const child = spawn('/usr/bin/python3', [script('swift-store.py'), folder, String(first)], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    child.unref()
    return { port: first, stop: ['sh', '-c', `kill -9 ${child.pid}; rm -rf "$0"`, folder] }
  })
  return s3Server(`http://127.0.0.1:${port}`, { id: 'test:tester', secret: 'testing' })
}

/** nginx: bytes at `/cas/<sha256>`. */
export async function startNginx(): Promise<StoreServer & { writer: string }> {
  const { port } = await oncePerRun('nginx', () => startDaemon('nginx', 1))
  return { url: `http://127.0.0.1:${port}`, writer: `http://ci:s3cret@127.0.0.1:${port}` }
}

/** Starts a server by the script of its name, on so many ports in a row. */
async function startDaemon(name: string, ports: number): Promise<Started & { port: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), `${name}-`))
  const port = await freeRange(ports)
  await run('bash', [script(`${name}.sh`), 'start', folder, String(port)])
  return { port, stop: ['bash', script(`${name}.sh`), 'stop', folder] }
}

function s3Server(url: string, { id, secret }: { id: string; secret: string }): S3Server {
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
