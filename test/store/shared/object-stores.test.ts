import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { type StoreNetwork, createExchange } from '../../../src/store/shared/ask-store.ts'
import { createHttpStore } from '../../../src/store/shared/http-store.ts'
import type { CreatingStore, ObjectStore } from '../../../src/store/shared/object-store.ts'
import { createCredentials } from '../../../src/store/shared/s3-credentials.ts'
import { createS3Store } from '../../../src/store/shared/s3-store.ts'
import { parseStoreAddress } from '../../../src/store/shared/store-address.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { startServer } from '../../service/server.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { missing, startNginx, startRgw, startSwift, type S3Server } from './servers/servers.ts'

const network: StoreNetwork = {
  exchange: createExchange({ fetch: globalThis.fetch, env: {} }),
  clock: systemClock,
  random: () => 0,
}

function openS3(text: string, env: Record<string, string>): CreatingStore {
  const address = parseStoreAddress(text, 'environment', env)
  if (address.kind !== 's3') throw new Error('no S3 address')
  const credentials = createCredentials(env, { now: Date.now, warn: () => undefined })
  return createS3Store(address, { credentials, network })
}

function openHttp(text: string, token?: string): ObjectStore {
  const address = parseStoreAddress(text, 'environment', {})
  if (address.kind !== 'http') throw new Error('no HTTP address')
  return createHttpStore(address, { token, network })
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const read = (store: ObjectStore, name: string) => store.read(name, collect, { bytes: 1e6 })

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What every store must do. */
function keepsObjects(open: () => ObjectStore): void {
  const temp = useTempDir()

  it('gives back what it was given', async () => {
    const bytes = Buffer.from('a model')
    const name = `cas/${sha256(bytes)}`

    expect(await open().write(name, { bytes }, { onlyNew: true })).toBe(true)
    expect(await open().has(name)).toBe(true)
    expect(await read(open(), name)).toEqual(bytes)
  })

  it('says that an object is not there', async () => {
    const name = `cas/${sha256('nothing')}`

    expect(await open().has(name)).toBe(false)
    expect(await read(open(), name)).toBeUndefined()
  })

  it('leaves what is there when only new objects are wanted, and replaces it otherwise', async () => {
    const [one, other] = [Buffer.from('first'), Buffer.from('other')]
    const name = `cas/${sha256('some name')}`
    await open().write(name, { bytes: one })

    expect(await open().write(name, { bytes: other }, { onlyNew: true })).toBe(false)
    expect(await read(open(), name)).toEqual(one)

    await open().write(name, { bytes: other })
    expect(await read(open(), name)).toEqual(other)
  })

  it('takes a file that is streamed', async () => {
    const bytes = Buffer.alloc(40 * 1024 * 1024, 7)
    await writeFile(temp.path('large'), bytes)
    const name = `cas/${sha256(bytes)}`
    const body = { file: temp.path('large'), length: bytes.length, sha256: sha256(bytes) }

    await open().write(name, body, { onlyNew: true })

    expect((await read(open(), name))?.equals(bytes)).toBe(true)
  })
}

describe.skipIf(missing.rgw)('a bucket of Ceph RGW (needs radosgw, ceph-mon, ceph-osd)', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startRgw()
    await server.createBucket('models')
    await server.createBucket('open', { openReading: true })
  })

  describe('with a prefix', () => {
    keepsObjects(() => openS3('s3://models/games/one', server.env))
  })

  describe('with a prefix that has to be escaped', () => {
    keepsObjects(() => openS3(`s3://models/${encodeURIComponent("a+b c'(ñ)*!")}`, server.env))
  })

  it('lets only one of twelve writers create a name', async () => {
    const bytes = Buffer.from('mine')
    const store = openS3('s3://models', server.env)

    const created = await Promise.all(Array.from({ length: 12 }, () => store.create('leases/race', bytes)))

    expect(created.filter(Boolean)).toHaveLength(1)
    expect(created).not.toContain(undefined)
  })

  it('is read without keys where its owner allows that', async () => {
    const bytes = Buffer.from('for all')
    const name = `cas/${sha256(bytes)}`
    await openS3('s3://open', server.env).write(name, { bytes }, { onlyNew: true })

    expect(await read(openS3('s3://open', { AWS_ENDPOINT_URL: server.url }), name)).toEqual(bytes)
  })

  it('is refused by name with a wrong secret', async () => {
    const store = openS3('s3://models', { ...server.env, AWS_SECRET_ACCESS_KEY: 'wrong' })

    await expect(read(store, 'cas/x')).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('answered 403'),
    })
  })

  it('is signed by the clock of the store when that of this machine is wrong', async () => {
    const ahead = { ...systemClock, now: () => Date.now() + 3_600_000 }
    const address = parseStoreAddress('s3://models', 'environment', server.env)
    if (address.kind !== 's3') throw new Error('no S3 address')
    const credentials = createCredentials(server.env, { now: Date.now, warn: () => undefined })
    const store = createS3Store(address, { credentials, network: { ...network, clock: ahead } })
    const bytes = Buffer.from('late')

    expect(await store.write('cas/late', { bytes })).toBe(true)
  })
})

describe.skipIf(missing.swift)('a container of OpenStack Swift (needs swift-proxy and its servers)', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startSwift()
    await server.createBucket('models')
  })

  keepsObjects(() => openS3('s3://models/games', server.env))

  it('cannot decide who was first', async () => {
    const bytes = Buffer.from('mine')

    expect(await openS3('s3://models', server.env).create('leases/race', bytes)).toBeUndefined()
  })
})

describe.skipIf(missing.nginx)('a folder of nginx (needs nginx-light)', () => {
  let server: Awaited<ReturnType<typeof startNginx>>
  beforeAll(async () => {
    server = await startNginx()
  })

  keepsObjects(() => openHttp(server.writer))

  it('refuses to be written without a password', async () => {
    const bytes = Buffer.from('no')

    await expect(openHttp(server.url).write(`cas/${sha256(bytes)}`, { bytes })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('answered 401'),
    })
  })
})

describe('a secret of the environment', () => {
  const withToken: [string, string, (url: string, token: string) => ObjectStore][] = [
    ['MESHY_TEAM_STORE_TOKEN', 'authorization', openHttp],
    [
      'AWS_SESSION_TOKEN',
      'x-amz-security-token',
      (url, token) =>
        openS3('s3://team', {
          AWS_ENDPOINT_URL_S3: url,
          AWS_ACCESS_KEY_ID: 'id',
          AWS_SECRET_ACCESS_KEY: 'key',
          AWS_SESSION_TOKEN: token,
        }),
    ],
  ]

  it.each(withToken)('is sent without the line break at the end of its file: %s', async (_, header, open) => {
    const { url, seen } = await startServer((_request, response) => response.writeHead(404).end())

    await read(open(url, 'secret\n'), 'cas/1')

    expect(seen.map(({ headers }) => headers[header])).toEqual([expect.stringMatching(/^(Bearer )?secret$/)])
  })

  it.each(withToken)('is not shown when no header can carry it: %s', async (variable, _, open) => {
    await expect(open('http://127.0.0.1:1', 'one\ntwo').has('cas/1')).rejects.toThrow(
      `cannot be asked: \`${variable}\` has characters that no header may contain`,
    )
  })
})
