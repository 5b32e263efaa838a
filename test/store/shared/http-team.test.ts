import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { inspectTeam, pull, push } from '../../../src/cli/stores.ts'
import type { AssetFile } from '../../../src/run/asset.ts'
import type { Environment } from '../../../src/system/process.ts'
import type { Options } from '../../../src/run/option-types.ts'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { makePng } from '../../glb/pictures.ts'
import { failureOf, openRun, type Service, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { startCas, type CasServer } from './servers/cas-server.ts'

const temp = useTempDir()
const SPECIFIER = 'hero.png?meshy'
const [USER, BASIC] = ['ci:s3cret', `Basic ${Buffer.from('ci:s3cret').toString('base64')}`]

async function project(name: string): Promise<string> {
  const root = temp.path(name)
  await mkdir(root)
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2))
  return root
}

interface Member {
  root: string
  service?: Service
  env?: Environment
  options: Options
}

const open = ({ options, ...init }: Member): Promise<TestRun> =>
  openRun({ ...init, options: { emulated: false, machineStore: false, ...options } })

async function buildAndShare(member: Member): Promise<TestRun> {
  const run = await open(member)
  await run.load(SPECIFIER)
  await finishSharing(run.context.ports)
  return run
}

const withUser = (url: string) => url.replace('//', `//${USER}@`)
const authorizations = ({ seen }: CasServer) => [...new Set(seen.map(({ authorization }) => authorization))]

describe("a team's HTTP store that the options name", () => {
  it('is written with the password that the environment gives for it', async () => {
    const [service, server, root] = [await startService(), await startCas(BASIC), await project('mine')]
    const env = { MESHY_TEAM_STORE: `${withUser(server.url)}/team/` }

    await buildAndShare({ root, service, env, options: { teamStore: `${server.url}/team` } })

    expect(server.files.size).toBe(1)
    expect(authorizations(server)).toEqual([BASIC])
  })

  it.each([
    ['password', (url: string) => ({ MESHY_TEAM_STORE: `${withUser(url)}/ours` })],
    ['token', (url: string) => ({ MESHY_TEAM_STORE: `${url}/ours`, MESHY_TEAM_STORE_TOKEN: 's3cret' })],
  ])('gets no %s that the environment gives for another path of its host', async (_, envOf) => {
    const [service, server, root] = [await startService(), await startCas(), await project('mine')]
    const options = { teamStore: `${server.url}/theirs` }
    const run = await buildAndShare({ root, service, env: envOf(server.url), options })

    expect(await failureOf(push(run.context))).toMatchObject({
      code: 'MESHY_OPTIONS_INVALID',
      hint: expect.stringContaining('exactly this address') as string,
    })
    await rm(`${root}/.meshy`, { recursive: true })
    expect(await pull(run.context)).toMatchObject({ files: 0, there: 0 })
    expect(authorizations(server)).toEqual([undefined])
    expect(server.files.size).toBe(0)
  })

  it.each([
    ['nothing', undefined, 'is missing here'],
    ['other bytes', 'x', 'is damaged here'],
    [
      'a pointer',
      'version https://git-lfs.github.com/spec/v1\n',
      'is a Git LFS pointer here; run `git lfs pull`',
    ],
  ])('gets nothing from a project that has %s, which is told, and then its copy', async (_, left, reason) => {
    const [service, server, root] = [await startService(), await startCas(), await project('mine')]
    const env = { MESHY_TEAM_STORE: withUser(server.url) }
    const { files } = await (await open({ root, service, options: {} })).load(SPECIFIER)
    const [{ path: copy, blob: ref }] = files as [AssetFile]
    const { context } = await open({ root, env, service, options: {} })
    const blob = ref ? context.ports.store.blobs.path(ref) : ''
    const bytes = await readFile(copy)
    await rm(copy)
    await (left === undefined ? rm(blob) : writeFile(blob, left))

    expect(await push(context)).toMatchObject({ files: 0, failed: [{ reason }] })

    await writeFile(copy, bytes)
    expect(await push(context)).toMatchObject({ files: 1, failed: [] })
    expect([...server.files.values()]).toEqual([bytes])
  })
})

describe("a damaged file in a team's HTTP store", () => {
  it.each([
    ['other', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['too few', (bytes: Buffer) => bytes.subarray(9)],
    ['too many', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])('with %s bytes is told with what replaces it, which does', async (_, damage) => {
    const [service, server, root] = [await startService(), await startCas(BASIC), await project('mine')]
    const env = { MESHY_TEAM_STORE: withUser(server.url) }
    const mine = await buildAndShare({ root, service, env, options: {} })
    for (const [path, bytes] of server.files) server.files.set(path, damage(bytes))
    const clone = await project('clone')
    await copyFile(`${root}/meshy-lock.json`, `${clone}/meshy-lock.json`)
    const reader = {
      root: clone,
      env: { MESHY_TEAM_STORE: server.url },
      options: { mode: 'frozen' } as const,
    }

    const frozen = await open(reader)
    const failure = await failureOf(frozen.load(SPECIFIER))
    expect(failure).toMatchObject({ code: 'MESHY_MODEL_UNRESTORABLE' })
    for (const text of [failure.message, frozen.told.join('\n')]) {
      expect(text).toContain('`unplugin-meshy push --repair`')
      expect(text).not.toContain('`unplugin-meshy push`')
    }

    expect(await push(mine.context)).toMatchObject({ files: 0, there: 1 })
    expect((await inspectTeam(mine.context, { read: true }))?.files).toMatchObject([{ status: 'damaged' }])
    expect(await push(mine.context, { repair: true })).toMatchObject({ files: 1, there: 0, failed: [] })
    expect((await (await open(reader)).load(SPECIFIER)).metadata.state).toBe('ready')
  })
})
