import { mkdir, rm, writeFile, copyFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { inspectTeam, pull, push } from '../../../src/cli/stores.ts'
import type { Environment } from '../../../src/system/process.ts'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import type { Entry } from '../../../src/store/entry.ts'
import { makePng } from '../../glb/pictures.ts'
import { freePort } from '../../support/free-port.ts'
import { failureOf, openRun, type TestRun } from '../../support/run.ts'
import type { RunningEmulator } from '../../../src/emulator.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { startAmazon, type Grants } from './servers/amazon.ts'
import { missing, startNginx, startRgw, type S3Server } from './servers/servers.ts'

const temp = useTempDir()

async function projectWith(name: string, color: [number, number, number]): Promise<string> {
  const root = temp.path(name)
  await mkdir(root, { recursive: true })
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2, { color }))
  return root
}

interface Member {
  root: string
  env: Environment
  service?: RunningEmulator | undefined
  frozen?: boolean
  url?: string
}

/** A run of somebody of the team, on a machine of their own. */
function open({ root, env, service, frozen, url }: Member): Promise<TestRun> {
  const mode = frozen ? 'frozen' : 'generate'
  const options = {
    emulated: false,
    machineStore: false as const,
    mode,
    ...(url ? { baseUrl: url } : {}),
  } as const
  return openRun({ root, service, env, options })
}

async function pinned(run: TestRun): Promise<Entry> {
  const [entry] = (await run.context.ports.store.lockfile?.all())?.values() ?? []
  if (!entry) throw new Error('Nothing is pinned')
  return entry
}

/** A clone with the lockfile alone. */
async function cloneOf(root: string, name: string, color: [number, number, number]): Promise<string> {
  const clone = await projectWith(name, color)
  await copyFile(`${root}/meshy-lock.json`, `${clone}/meshy-lock.json`)
  return clone
}

describe.skipIf(missing.rgw)("a team's bucket (needs radosgw, ceph-mon, ceph-osd)", () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startRgw()
    await server.createBucket('team', { openReading: true })
  })

  const writer = (extra: Environment = {}): Environment => ({
    ...server.env,
    MESHY_TEAM_STORE: 's3://team/game',
    ...extra,
  })
  const reader = (): Environment => ({ AWS_ENDPOINT_URL: server.url, MESHY_TEAM_STORE: 's3://team/game' })

  it('gives a teammate the model, pinned, for 0 credits', async () => {
    const service = await startService()
    const mine = await open({ root: await projectWith('mine', [1, 1, 1]), env: writer(), service })
    const asset = await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)
    const theirs = await open({ root: await projectWith('theirs', [1, 1, 1]), env: writer(), service })

    const same = await theirs.load('hero.png?meshy')

    expect(same.metadata.integrity).toBe(asset.metadata.integrity)
    expect(service.tasks()).toHaveLength(1)
    expect(theirs.told.join('\n')).toMatch(/taken from the team store s3:\/\/team\/game, 0 credits/)
    expect((await pinned(theirs)).key).toBe((await pinned(mine)).key)
  })

  it('builds a frozen clone of the lockfile alone, without a key and without credentials', async () => {
    const service = await startService()
    const root = await projectWith('mine', [2, 2, 2])
    const mine = await open({ root, env: writer(), service })
    const { metadata } = await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)

    const clone = await cloneOf(root, 'clone', [2, 2, 2])
    const frozen = await open({ root: clone, env: reader(), frozen: true, url: service.url })

    expect((await frozen.load('hero.png?meshy')).metadata).toEqual(metadata)
  })

  it.each([
    ['is signed by somebody else', { MESHY_TEAM_STORE_SIGNING_KEY: 'other' }, 3],
    ['is not signed', {}, 4],
  ])('gives no entry that %s where a signature is due', async (_, extra, shade) => {
    const service = await startService()
    const mine = await open({ root: await projectWith('mine', [shade, 0, 0]), env: writer(extra), service })
    await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)
    const env = writer({ MESHY_TEAM_STORE_SIGNING_KEY: 'ours' })
    const theirs = await open({ root: await projectWith('theirs', [shade, 0, 0]), env, service })

    await theirs.load('hero.png?meshy')

    expect(theirs.told.join('\n')).toMatch(/so it is not used/)
    expect(theirs.told.join('\n')).not.toMatch(/taken from/)
  })

  it('never ships wrong bytes, says so, and is repaired by push', async () => {
    const service = await startService()
    const root = await projectWith('mine', [5, 5, 5])
    const mine = await open({ root, env: writer(), service })
    await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)
    const { sha256 } = (await pinned(mine)).files.glb
    await server.fetch(`team/game/cas/${sha256.slice(0, 2)}/${sha256}`, { method: 'PUT', body: 'lies' })
    const clone = await cloneOf(root, 'clone', [5, 5, 5])
    const frozen = () => open({ root: clone, env: reader(), frozen: true, url: service.url })

    expect(await failureOf((await frozen()).load('hero.png?meshy'))).toMatchObject({
      code: 'MESHY_MODEL_UNRESTORABLE',
      message: expect.stringContaining('other bytes under its name') as string,
    })
    expect((await inspectTeam(mine.context, { read: true }))?.files).toMatchObject([{ status: 'damaged' }])

    await push(mine.context, { repair: true })

    expect((await (await frozen()).load('hero.png?meshy')).metadata.state).toBe('ready')
  })

  it('is filled and emptied by push and pull', async () => {
    const service = await startService()
    const root = await projectWith('mine', [6, 6, 6])
    const mine = await open({ root, env: {}, service })
    await mine.load('hero.png?meshy')
    const later = await open({ root, env: writer(), service })

    expect(await push(later.context)).toMatchObject({ files: 1, there: 0, failed: [] })
    expect(await push(later.context)).toMatchObject({ files: 0, there: 1, failed: [] })
    await rm(`${root}/.meshy`, { recursive: true })
    const again = await open({ root, env: reader() })

    expect(await pull(again.context)).toMatchObject({ files: 1, there: 0, failed: [] })
  })

  it('gets no credentials where only a file names its host', async () => {
    const service = await startService()
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = server.env
    const options = {
      emulated: false,
      machineStore: false,
      teamStore: `s3://team/game?endpoint=${server.url}`,
    } as const
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }
    const run = await openRun({ root: await projectWith('mine', [7, 7, 7]), service, env, options })

    expect(await run.context.ports.store.shared.team?.canWrite()).toBe(false)
    expect(await failureOf(push(run.context))).toMatchObject({ code: 'MESHY_OPTIONS_INVALID' })
  })
})

describe.skipIf(missing.nginx)("a team's HTTP store (needs nginx-light)", () => {
  let server: Awaited<ReturnType<typeof startNginx>>
  beforeAll(async () => {
    server = await startNginx()
  })

  it('builds a frozen clone of the lockfile alone', async () => {
    const service = await startService()
    const root = await projectWith('mine', [8, 8, 8])
    const mine = await open({ root, env: { MESHY_TEAM_STORE: server.writer }, service })
    const { metadata } = await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)
    const clone = await cloneOf(root, 'clone', [8, 8, 8])

    const env = { MESHY_TEAM_STORE: server.url }
    const frozen = await open({ root: clone, env, frozen: true, url: service.url })

    expect((await frozen.load('hero.png?meshy')).metadata).toEqual(metadata)
  })
})

describe("a team's bucket at Amazon", () => {
  /** A run that makes a model, and one of a teammate. */
  async function shareModel(grants: Grants) {
    const service = await startService()
    const bucket = await startAmazon(grants)
    const mine = await open({ root: await projectWith('mine', [7, 7, 7]), env: bucket.env, service })
    await mine.load('hero.png?meshy')
    await finishSharing(mine.context.ports)
    const names = [...bucket.objects.keys()]
    const theirs = await open({ root: await projectWith('theirs', [7, 7, 7]), env: bucket.env, service })
    await theirs.load('hero.png?meshy')
    const warnings = [...mine.told, ...theirs.told].filter((text) =>
      text.includes('the team store s3://bucket'),
    )
    return { names, warnings, posts: service.counts.posts, theirs, log: bucket.log }
  }

  it.each<[string, Grants, number]>([
    ['as docs/stores.md grants it', { list: true }, 1],
    ['without the right to list', {}, 1],
    ['with the right to remove', { list: true, remove: true }, 0],
  ])('holds leases and gives its models to a teammate: %s', async (_, grants, probes) => {
    const { names, warnings, posts, theirs, log } = await shareModel(grants)

    expect(posts).toBe(1)
    expect(warnings).toEqual([expect.stringContaining('taken from')])
    const { key, files } = await pinned(theirs)
    const cas = `cas/${files.glb.sha256.slice(0, 2)}/${files.glb.sha256}`
    expect(names).toEqual(expect.arrayContaining([cas, `entries/${key}.json`, `leases/${key}.0`]))
    expect(names.filter((name) => name.startsWith('leases/probe-'))).toHaveLength(probes)
    expect(log.filter((line) => line.startsWith(`PUT ${cas}`))).toEqual([`PUT ${cas} 200`])
  })

  it('knows all files of a model, though a teammate imports others', async () => {
    const service = await startService()
    const { env, objects } = await startAmazon()
    const imports = { mine: 'hero.png?meshy&thumbnail&height=2', theirs: 'hero.png?meshy&height=3' }
    for (const [name, specifier] of Object.entries(imports)) {
      const run = await open({ root: await projectWith(name, [7, 7, 8]), env, service })
      await run.load(specifier)
      await finishSharing(run.context.ports)
    }

    const name = [...objects.keys()].find((other) => other.startsWith('entries/'))
    const { entry } = JSON.parse(String(objects.get(name ?? ''))) as { entry: Entry }
    expect(Object.keys(entry.files)).toEqual(['glb', 'thumbnail'])
    expect(Object.values(entry.derived ?? {}).map(({ steps }) => steps)).toHaveLength(2)
  })

  it.each([false, true])('is filled by push without the right to list, with repair: %s', async (repair) => {
    const service = await startService()
    const { env, objects } = await startAmazon()
    const root = await projectWith('mine', [7, 7, 9])
    await (await open({ root, env: {}, service })).load('hero.png?meshy')
    const { context } = await open({ root, env, service })

    const { failed } = await push(context, { repair })

    expect(failed).toEqual([])
    expect([...objects.keys()].filter((name) => name.startsWith('cas/'))).toHaveLength(1)
  })

  it.each<[string, Grants]>([
    ['reading it is denied (AccessDenied)', { read: false }],
    ['writing it is denied (AccessDenied)', { write: false }],
  ])('is said once in each run to refuse what it refuses: %s', async (words, grants) => {
    const { warnings } = await shareModel(grants)

    expect(warnings).toEqual([expect.stringContaining(words), expect.stringContaining(words)])
  })
})

describe("a team's store that is down", () => {
  const down = async () => ({ MESHY_TEAM_STORE: `http://127.0.0.1:${await freePort()}` })

  it('does not keep a model from being made', async () => {
    const service = await startService()
    const run = await open({ root: await projectWith('mine', [9, 9, 9]), env: await down(), service })

    expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')
  })

  it('is named, with what it said, in the error of bytes that nobody has', async () => {
    const service = await startService()
    const root = await projectWith('mine', [9, 9, 8])
    await (await open({ root, env: {}, service })).load('hero.png?meshy')
    await rm(`${root}/.meshy`, { recursive: true })

    const frozen = await open({ root, env: await down(), frozen: true, url: service.url })

    expect(await failureOf(frozen.load('hero.png?meshy'))).toMatchObject({
      code: 'MESHY_MODEL_UNRESTORABLE',
      message: expect.stringMatching(
        /The team store http:\/\/127\.0\.0\.1:\d+ could not be reached \(.*ECONNREFUSED/,
      ) as string,
      // Nobody is told to give up, and pay for, what the store may have.
      hint: expect.stringMatching(
        /^Build again when the team store .* can be read.*`unplugin-meshy push`(?!.*forget)/,
      ) as string,
    })
  })
})
