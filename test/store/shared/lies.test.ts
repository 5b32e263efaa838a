import { mkdir, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { makePng } from '../../glb/pictures.ts'
import { openRun, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { missing, startRgw, type S3Server } from './servers/servers.ts'

interface Told {
  files: { glb: { sha256: string; bytes: number } }
}
interface Shared {
  key: string
  entry: Told
  signature?: string
}

/** What a bucket holds of two models, and what somebody puts in the place of the first. */
interface Bucket {
  entries: [Shared, Shared]
  /** By the name of an object below the prefix. */
  put(name: string, body: string): Promise<unknown>
}

const casName = ({ files: { glb } }: Told) => `cas/${glb.sha256.slice(0, 2)}/${glb.sha256}`
const putEntry = ({ entries: [{ key }], put }: Bucket, body: unknown) =>
  put(`entries/${key}.json`, JSON.stringify(body))

const LIES: Record<string, (bucket: Bucket) => Promise<unknown>> = {
  'wrong bytes': ({ entries: [{ entry }], put }) => put(casName(entry), 'lies'),
  'as many wrong bytes': ({ entries: [{ entry }], put }) =>
    put(casName(entry), 'x'.repeat(entry.files.glb.bytes)),
  'no record where one should be': (bucket) => putEntry(bucket, { version: 1 }),
  'an entry without its signature': (bucket) =>
    putEntry(bucket, { ...bucket.entries[0], signature: undefined }),
  'an entry that somebody else signed': (bucket) =>
    putEntry(bucket, { ...bucket.entries[0], signature: '0'.repeat(64) }),
  'an entry with the files of another model': (bucket) => {
    const [one, other] = bucket.entries
    return putEntry(bucket, { ...one, entry: { ...one.entry, files: other.entry.files } })
  },
  'the entry of another request': (bucket) => putEntry(bucket, bucket.entries[1]),
  'the entry of another request under the right key': (bucket) => {
    const [{ key }, other] = bucket.entries
    return putEntry(bucket, { ...other, key })
  },
}

describe.skipIf(missing.rgw)("a team's bucket (needs radosgw, ceph-mon, ceph-osd) that has", () => {
  const temp = useTempDir()
  let server: S3Server
  let prefixes = 0
  beforeAll(async () => {
    server = await startRgw()
    await server.createBucket('lies')
  })

  async function open(
    name: string,
    init: Pick<Parameters<typeof openRun>[0], 'service' | 'env'>,
  ): Promise<TestRun> {
    const root = temp.path(name)
    await mkdir(root)
    await writeFile(`${root}/package.json`, '{}')
    await writeFile(`${root}/hero.png`, makePng(4, 2, { color: [1, 2, 3] }))
    await writeFile(`${root}/villain.png`, makePng(4, 2, { color: [3, 2, 1] }))
    return openRun({ root, ...init, options: { emulated: false } })
  }

  async function bucketOf(prefix: string, keys: [string, string]): Promise<Bucket> {
    const read = async (key: string) =>
      (await (await server.fetch(`lies/${prefix}/entries/${key}.json`)).json()) as Shared
    return {
      entries: [await read(keys[0]), await read(keys[1])],
      put: (name, body) => server.fetch(`lies/${prefix}/${name}`, { method: 'PUT', body }),
    }
  }

  it.each(Object.keys(LIES))('%s gives nothing of it, costs nothing more, and is told once', async (lie) => {
    const service = await startService()
    const prefix = `game-${(prefixes += 1)}`
    const env = {
      ...server.env,
      MESHY_TEAM_STORE: `s3://lies/${prefix}`,
      MESHY_TEAM_STORE_SIGNING_KEY: 'ours',
    }
    const mine = await open('mine', { service, env })
    const hero = await mine.load('hero.png?meshy')
    const villain = await mine.load('villain.png?meshy')
    await finishSharing(mine.context.ports)
    const bucket = await bucketOf(prefix, [hero.metadata.key, villain.metadata.key])
    await LIES[lie]?.(bucket)
    const theirs = await open('theirs', { service, env })

    const same = await theirs.load('hero.png?meshy')
    await finishSharing(theirs.context.ports)

    expect(same.metadata).toEqual(hero.metadata)
    expect(service.counts).toMatchObject({ posts: 2, created: 2 })
    const told = theirs.told.join('\n')
    expect(told).not.toMatch(/taken from/)
    expect(told.match(/the team store/g)).toHaveLength(1)
  })
})
