import { mkdir, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { type StoreNetwork, createExchange } from '../../../src/store/shared/ask-store.ts'
import { createCredentials } from '../../../src/store/shared/s3-credentials.ts'
import type { CreatingStore } from '../../../src/store/shared/object-store.ts'
import { createS3Store } from '../../../src/store/shared/s3-store.ts'
import { parseStoreAddress } from '../../../src/store/shared/store-address.ts'
import { Fault } from '../../../src/system/transfer.ts'
import { TeamLeases } from '../../../src/store/shared/team-leases.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { makePng } from '../../glb/pictures.ts'
import { openRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { missing, startRgw, startSwift, type S3Server } from './servers/servers.ts'

const temp = useTempDir()
const network: StoreNetwork = {
  exchange: createExchange({ fetch: globalThis.fetch, env: {} }),
  clock: systemClock,
  random: Math.random,
}
const never = new AbortController().signal

/** The leases of one machine, whose own clock stands where it is put, and which has slept for that long. */
function machine(server: S3Server, now: { ms: number; slept?: number } = { ms: 0 }): TeamLeases {
  const address = parseStoreAddress('s3://leases/team', 'environment', server.env)
  if (address.kind !== 's3') throw new Error('no S3 address')
  const credentials = createCredentials(server.env, { now: Date.now, warn: () => undefined })
  const objects = createS3Store(address, { credentials, network })
  return new TeamLeases({
    objects,
    beats: objects,
    // Each wait brings its clock on by a quarter of a minute.
    clock: {
      now: () => systemClock.now() + (now.slept ?? 0),
      elapsed: () => now.ms,
      sleep: async () => void (now.ms += 15_000),
    },
    account: 'abc',
    signingKey: undefined,
  })
}

describe.skipIf(missing.rgw)('leases in a bucket of Ceph RGW (needs radosgw, ceph-mon, ceph-osd)', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startRgw()
    await server.createBucket('leases')
  })

  it('are given to the next one when they are released', async () => {
    const first = await machine(server).acquire('0000000000000001', {
      signal: never,
      onWait: () => undefined,
    })
    await first?.release()

    const second = await machine(server).acquire('0000000000000001', {
      signal: never,
      onWait: () => undefined,
    })

    expect(await second?.isHeld()).toBe(true)
    expect(await first?.isHeld()).toBe(false)
  })

  it('are taken from a holder that gives no sign of life, who finds out before it pays', async () => {
    const dead = await machine(server).acquire('0000000000000002', { signal: never, onWait: () => undefined })
    expect(await dead?.isHeld()).toBe(true)
    let waits = 0

    const next = await machine(server).acquire('0000000000000002', {
      signal: never,
      onWait: () => (waits += 1),
    })

    expect(waits).toBe(1)
    expect(await next?.isHeld()).toBe(true)
    expect(await dead?.isHeld()).toBe(false)
  })

  it.each([
    ['a silence', '0000000000000003', { ms: 65_000 }],
    ['the sleep of its machine', '0000000000000004', { ms: 0, slept: 65_000 }],
  ])('are taken over by their own holder after %s, so that nobody else does so', async (_, key, later) => {
    const now = { ms: 0 }
    const lease = await machine(server, now).acquire(key, { signal: never, onWait: () => undefined })

    Object.assign(now, later)

    expect(await lease?.isHeld()).toBe(true)
    expect((await server.fetch(`leases/team/leases/${key}.1`)).status).toBe(200)
    const rival = machine(server)
    await rival.acquire(key, { signal: never, onWait: () => undefined })
    expect(await lease?.isHeld()).toBe(false)
  })

  it('let one of two machines pay that start at the same instant, though no names are echoed', async () => {
    const service = await startService({ faults: [{ kind: 'noNames' }] })
    const env = { ...server.env, MESHY_TEAM_STORE: 's3://leases/game' }
    const options = { emulated: false, machineStore: false } as const
    for (let round = 0; round < 5; round += 1) {
      const runs = await Promise.all(
        ['one', 'two'].map(async (name) => {
          const root = temp.path(`${name}-${round}`)
          await mkdir(root)
          await writeFile(`${root}/package.json`, '{}')
          await writeFile(`${root}/hero.png`, makePng(4, 2, { color: [round, 80, 40] }))
          return openRun({ root, service, env, options })
        }),
      )

      const assets = await Promise.all(
        runs.map(async ({ load, context }) => {
          const asset = await load('hero.png?meshy')
          await finishSharing(context.ports)
          return asset
        }),
      )

      expect(new Set(assets.map(({ metadata }) => metadata.integrity)).size).toBe(1)
      expect(service.tasks()).toHaveLength(round + 1)
    }
  })
})

describe.skipIf(missing.swift)('leases in OpenStack Swift (needs swift-proxy and its servers)', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startSwift()
    await server.createBucket('leases')
  })

  it('are none: it cannot decide who was first', async () => {
    expect(
      await machine(server).acquire('0000000000000001', { signal: never, onWait: () => undefined }),
    ).toBeUndefined()
  })
})

describe('leases in a bucket that fails once, for the first key', () => {
  /** A bucket that decides who was first. Its first answer to a writer is what the test says. */
  function bucket(first: (name: string, create: () => boolean) => boolean): CreatingStore {
    const objects = new Map<string, Uint8Array>()
    let isFirst = true
    const create = (name: string, bytes: Uint8Array) =>
      !objects.has(name) && Boolean(objects.set(name, bytes))
    return {
      has: async (name) => objects.has(name),
      read: async (name, sink) => {
        const bytes = objects.get(name)
        return bytes && sink(new Blob([Buffer.from(bytes)]).stream())
      },
      write: async (name, body) => Boolean('bytes' in body && objects.set(name, body.bytes)),
      remove: async (name) => void objects.delete(name),
      create: async (name, bytes) => {
        const isNow = isFirst
        isFirst = false
        return isNow ? first(name, () => create(name, bytes)) : create(name, bytes)
      },
    }
  }

  it.each([
    [
      'is out of reach',
      () => {
        throw new Fault('transient', 'answered 503')
      },
    ],
    ['loses an answer', (_: string, create: () => boolean) => create() && false],
  ])('are taken for the next one when it %s', async (_, first) => {
    const objects = bucket(first)
    const leases = new TeamLeases({
      objects,
      beats: objects,
      clock: systemClock,
      account: 'abc',
      signingKey: undefined,
    })
    const acquire = (key: string) => leases.acquire(key, { signal: never, onWait: () => undefined })
    await expect(acquire('0000000000000001')).rejects.toBeInstanceOf(Fault)

    const lease = await acquire('0000000000000002')

    expect(await lease?.isHeld()).toBe(true)
    await lease?.release()
  })
})
