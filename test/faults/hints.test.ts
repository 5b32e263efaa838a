import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { adoptTask } from '../../src/cli/adopt.ts'
import { forgetNamed } from '../../src/cli/forget.ts'
import { pinOwnBytes } from '../../src/cli/pin.ts'
import type { Options } from '../../src/run/option-types.ts'
import { readSpecifier, readSubject } from '../../src/cli/subject.ts'
import { removeTasks, spoilRecord } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures, type Service } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { readSources } from '../support/sources.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const { path: dir } = useTempDir()
/** Of the digest that tells accounts apart, and no command. */
const LABEL = 'account'

/** A project of one picture, and how it is built. */
async function setUp(options: Options = {}) {
  await writePictures(dir(), 'hero.png')
  const service = await startService()
  const run = (more: Options = {}, at: Service | undefined = service) =>
    openRun({ root: dir(), service: at, options: { ...options, ...more } })
  const build = async (specifier = SPECIFIER, more?: Options) => (await run(more)).load(specifier)
  return { service, run, build }
}

async function removeBlobs(): Promise<void> {
  await rm(dir('.meshy', 'blobs'), { recursive: true })
  await rm(dir('.meshy', 'out'), { recursive: true })
}

async function onlyFile(...folder: string[]): Promise<string> {
  const [name = ''] = await readdir(dir(...folder))
  return dir(...folder, name)
}

describe('hints of errors', () => {
  it.each([
    ['a file', '.meshy', (place: string) => writeFile(place, '')],
    ['a folder', 'meshy-lock.json', (place: string) => mkdir(place)],
  ])('make room where %s is in the place of `%s`', async (_, name, occupy) => {
    const { service, build } = await setUp()
    await occupy(dir(name))

    const failure = await failureOf(build())
    await rename(dir(name), dir('renamed'))
    const after = await build()

    expect(failure).toMatchObject({ hint: 'Rename what is in the way, then run again.' })
    expect(after.metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})

describe.each([
  ['a project that pins', {}],
  ['a project that pins nothing', { lockfile: false }],
] as const)('hints of errors, followed in %s', (_, options) => {
  it('bring bytes back that are lost where there is no key: with the key, unpaid', async () => {
    const { service, build } = await setUp(options)
    await build()
    await removeBlobs()

    const failure = await failureOf(build(SPECIFIER, { apiKey: undefined }))
    const after = await build()

    expect(failure).toMatchObject({
      code: 'MESHY_MODEL_UNRESTORABLE',
      hint: expect.stringMatching(/^Set MESHY_API_KEY/),
    })
    expect(after.metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('bring files that were never kept: with the key, unpaid', async () => {
    const { service, build } = await setUp(options)
    await build()

    const failure = await failureOf(build(`${SPECIFIER}&formats=obj`, { apiKey: undefined }))
    const after = await build(`${SPECIFIER}&formats=obj`)

    expect(failure).toMatchObject({
      code: 'MESHY_EXTRA_UNAVAILABLE',
      hint: expect.stringMatching(/^Set MESHY_API_KEY/),
    })
    expect(after.metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('bring own bytes back by pinning them again', async () => {
    const { service, run, build } = await setUp(options)
    await build()
    const mine = dir('mine.glb')
    await writeFile(mine, await readFile((await build()).files[0]?.path ?? mine))
    const pin = async () => {
      const { context } = await run()
      await pinOwnBytes(context, await readSpecifier(context, `./${SPECIFIER}`, dir()), mine)
    }
    await pin()
    await removeBlobs()

    const failure = await failureOf(build())
    await pin()

    expect(failure).toMatchObject({
      code: 'MESHY_MODEL_UNRESTORABLE',
      hint: expect.stringMatching(/^Pin them again with `unplugin-meshy pin`/),
    })
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('never pin own bytes again for a file that they cannot have', async () => {
    const { service, run, build } = await setUp(options)
    await build()
    const mine = dir('mine.glb')
    await writeFile(mine, await readFile((await build()).files[0]?.path ?? mine))
    const pin = async (specifier: string) => {
      const { context } = await run()
      await pinOwnBytes(context, await readSpecifier(context, `./${specifier}`, dir()), mine)
    }

    const refused = await failureOf(pin(`${SPECIFIER}&formats=fbx`))
    await pin(SPECIFIER)
    const failure = await failureOf(build(`${SPECIFIER}&formats=fbx`))

    expect(refused).toMatchObject({ code: 'MESHY_COMMAND_REFUSED', details: { roles: ['fbx'] } })
    expect(failure).toMatchObject({
      code: 'MESHY_EXTRA_UNAVAILABLE',
      hint: expect.stringMatching(/^Remove the directive, or run `unplugin-meshy forget/),
    })
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('get a model later whose task had none', async () => {
    const { service, build } = await setUp(options)
    service.fail({ kind: 'noModel' })

    const failure = await failureOf(build())
    service.heal()

    expect(failure).toMatchObject({
      code: 'MESHY_TASK_NO_MODEL',
      hint: expect.stringMatching(/^Run again.*`unplugin-meshy forget [0-9a-f]{16}`/),
    })
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('name the way out of a task that never gives a model', async () => {
    const { service, run, build } = await setUp(options)
    service.fail({ kind: 'noModel' })
    await failureOf(build())
    const { hint } = await failureOf(build())
    service.heal()

    const [, key = ''] = /forget ([0-9a-f]{16})/.exec(hint ?? '') ?? []
    const { context } = await run()
    const [task] = service.tasks()
    const { tasks, credits } = await forgetNamed(context, key, dir())

    expect({ tasks, credits }).toEqual({ tasks: [task?.id], credits: 30 })
    expect((await build()).metadata.state).toBe('ready')
  })

  it('name the way out of a task whose file is never one', async () => {
    const { service, build } = await setUp(options)
    service.fail({ kind: 'htmlAsset' })

    const failure = await failureOf(build())
    service.heal()

    expect(failure).toMatchObject({
      code: 'MESHY_DOWNLOAD_INVALID',
      hint: expect.stringMatching(/^Run again.*`unplugin-meshy forget [0-9a-f]{16}`/),
    })
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('settle a record that cannot be read: its task is taken over', async () => {
    const { service, run, build } = await setUp(options)
    await leaveOnItsWay(dir(), service, SPECIFIER)
    await spoilRecord(dir())

    const { code, hint } = await failureOf(build())
    const [, key = ''] = /`unplugin-meshy forget ([0-9a-f]{16})`/.exec(hint ?? '') ?? []
    await forgetNamed((await run()).context, key, dir())

    expect(code).toBe('MESHY_JOURNAL_INVALID')
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('say in `frozen` what helps there', async () => {
    const { service, build } = await setUp(options)
    await build()
    await rm(dir('meshy-lock.json'), { force: true })
    await rm(dir('.meshy'), { recursive: true })

    const failure = await failureOf(build(SPECIFIER, { mode: 'frozen' }))

    expect(failure).toMatchObject({
      code: 'MESHY_MODEL_MISSING',
      hint: expect.stringContaining('MESHY_MODE=generate'),
    })
    expect(failure.hint).toMatch(
      'lockfile' in options ? /^With `lockfile: false`/ : /commit `meshy-lock.json`/,
    )
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})

describe('where a model is pinned', () => {
  it.each([
    ['half of it is gone', (text: string) => text.slice(0, text.length / 2)],
    ['its version is no number', (text: string) => text.replace('"version": 1', '"version": "1"')],
  ])('a lockfile that git never had is made anew after it was deleted: %s', async (_, spoil) => {
    const { service, build } = await setUp()
    await build()
    await removeTasks(service)
    const text = await readFile(dir('meshy-lock.json'), 'utf8')
    await writeFile(dir('meshy-lock.json'), spoil(text))

    const failure = await failureOf(build())
    await rm(dir('meshy-lock.json'))

    expect(failure.hint).toMatch(/^Restore .* from git\. If it was never in git, delete it/)
    expect((await build()).metadata.state).toBe('ready')
    expect(await readFile(dir('meshy-lock.json'), 'utf8')).toBe(text)
    expect(service.counts.posts).toBe(1)
  })

  it('a damaged entry does no harm, or is deleted', async () => {
    const { service, build } = await setUp()
    await build()
    const record = await onlyFile('.meshy', 'entries')
    await writeFile(record, '{')

    expect((await build()).metadata.state).toBe('ready')
    const failure = await failureOf(build(`${SPECIFIER}&formats=obj`))
    await rm(record)
    const after = await build(`${SPECIFIER}&formats=obj`)

    expect(failure).toMatchObject({
      code: 'MESHY_CACHE_CORRUPT',
      hint: expect.stringContaining('you can delete the file'),
    })
    expect(after.metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('a record that cannot be read does not lead to giving the model up', async () => {
    const { service, run, build } = await setUp()
    await leaveOnItsWay(dir(), service, SPECIFIER)
    const record = await onlyFile('.meshy', 'journal')
    await build()
    await writeFile(record, '{')
    const { context } = await run()
    const model = await onlyFile('.meshy', 'blobs')

    const adopted = await failureOf(
      adoptTask(context, await readSubject(context, `./${SPECIFIER}`, dir()), {
        taskId: String(service.tasks()[0]?.id),
        force: false,
      }),
    )
    await pinOwnBytes(context, await readSpecifier(context, `./${SPECIFIER}`, dir()), await glbIn(model))

    expect(adopted).toMatchObject({ code: 'MESHY_COMMAND_REFUSED' })
    expect((await build()).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})

it('one damaged entry keeps no other model from being made', async () => {
  await writePictures(dir(), 'hero.png', 'tree.png')
  const service = await startService()
  const run = () => openRun({ root: dir(), service, options: { lockfile: false } })
  await (await run()).load(SPECIFIER)
  await writeFile(await onlyFile('.meshy', 'entries'), '{')

  const { metadata } = await (await run()).load('tree.png?meshy&poly=3000')

  expect(metadata.state).toBe('ready')
})

it('a task of another account is fetched by a run with its key', async () => {
  await writePictures(dir(), 'hero.png')
  const [first, other] = [await startService(), await startService()]
  await leaveOnItsWay(dir(), first, SPECIFIER)
  const build = async (service: Service) => (await openRun({ root: dir(), service })).load(SPECIFIER)

  const failure = await failureOf(build(other))

  expect(failure).toMatchObject({
    code: 'MESHY_JOURNAL_OTHER_ACCOUNT',
    hint: expect.stringMatching(/^Run once with that key/),
  })
  expect(failure.hint).not.toContain('adopt')
  expect((await build(first)).metadata.state).toBe('ready')
  expect([first, other].map(({ counts }) => counts.posts)).toEqual([1, 0])
})

it('a task that took too long is picked up by the next run', async () => {
  await writePictures(dir(), 'hero.png')
  const service = await startService({ taskMs: 3_000 })
  const build = async (options: Options = {}) =>
    (await openRun({ root: dir(), service, options })).load(SPECIFIER)

  const failure = await failureOf(build({ taskTimeout: 1 }))

  expect(failure).toMatchObject({ code: 'MESHY_TASK_TIMEOUT', hint: expect.stringMatching(/^Run again/) })
  expect((await build()).metadata.state).toBe('ready')
  expect(service.counts.posts).toBe(1)
})

it('every command that is named exists', async () => {
  const documents = [
    'README.md',
    ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ]
  const texts = await Promise.all(documents.map((file) => readFile(file, 'utf8')))
  const said = [...texts, ...(await readSources()).map(({ text }) => text)].flatMap((text) =>
    [...text.matchAll(/(?:`|npx )unplugin-meshy ([a-z]+)/g)].map(([, name = '']) => name),
  )

  expect(
    [...new Set(said)].filter((name) => ![LABEL, ...Object.keys(main.subCommands ?? {})].includes(name)),
  ).toEqual([])
})

/** The one model below a folder of blobs. */
async function glbIn(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder)
  return `${folder}/${name}`
}
