import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { ModelMaker } from '../../src/emulator.ts'
import { hintToCommit } from '../../src/generate/save.ts'
import type { StoredEntry } from '../../src/store/entry.ts'
import { createDice } from '../support/dice.ts'
import { changeRecord } from '../support/journal.ts'
import { openRun, writePictures, type TestRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('hintToCommit', () => {
  const { path } = useTempDir()

  async function run(options: { emulated: boolean }) {
    await writePictures(path(), 'hero.png', 'villain.png')
    const service = await startService()
    return openRun({ root: path(), service, options })
  }

  it('says once what to commit, when the first model of a project is stored', async () => {
    const { load, told } = await run({ emulated: false })

    await load('hero.png?meshy')
    await load('villain.png?meshy')

    expect(told.filter((text) => text.includes('commit `meshy-lock.json` and `.meshy`'))).toHaveLength(1)
  })

  it.each([
    [
      'the options',
      { teamStore: 'http://127.0.0.1:1/models' },
      { MESHY_TEAM_STORE: 'http://ci:secret@127.0.0.1:1/models' },
      /commit only `meshy-lock.json`/,
      [],
    ],
    [
      'the options, without credentials to upload,',
      { teamStore: 'http://127.0.0.1:1/models' },
      {},
      /upload the models .* with `unplugin-meshy push`.*and commit `meshy-lock.json`/,
      [],
    ],
    [
      'the options, with an emulator,',
      { teamStore: 'http://127.0.0.1:1/models', emulated: true },
      {},
      /./,
      [/blobs\/.*\.glb/],
    ],
    ['the environment', {}, { MESHY_TEAM_STORE: 'http://127.0.0.1:1' }, /and `.meshy`/, [/blobs\/.*\.glb/]],
  ])('says what git keeps where %s name a team store', async (_, options, env, hint, kept) => {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const { load, told } = await openRun({
      root: path(),
      service,
      env,
      options: { emulated: false, ...options },
    })

    await load('hero.png?meshy')

    expect(told.join('\n')).toMatch(hint)
    const git = (...args: string[]) => execFileSync('git', args, { cwd: path(), encoding: 'utf8' })
    git('init', '--quiet')
    const seen = git('ls-files', '--others', '--exclude-standard', '.meshy')
    const models = seen.split('\n').filter((name) => name.endsWith('.glb'))
    expect(models).toEqual(kept.map((pattern) => expect.stringMatching(pattern) as string))
  })

  it('says nothing when the models are those of an emulator', async () => {
    const { load, told } = await run({ emulated: true })

    await load('hero.png?meshy')

    expect(told.join('\n')).not.toContain('commit')
  })

  it('names a file when it nears the size that hosts of repositories refuse', async () => {
    const { load, told, context } = await run({ emulated: false })
    const { metadata } = await load('hero.png?meshy')
    const stored = await context.ports.store.entries.read(metadata.key)
    const { glb } = (stored as StoredEntry).files
    const grown = { ...(stored as StoredEntry), files: { glb: { ...glb, bytes: 60 * 1024 * 1024 } } }

    hintToCommit(await context.paying(), grown, { isFirst: false })

    expect(told.at(-1)).toContain(`${glb.sha256}.glb\` has 60 MiB`)
  })
})

describe('saveModel, where another model of the key is pinned meanwhile', () => {
  const { path } = useTempDir()

  /** Models and their OBJ differ with each task, and no task carries a key. */
  async function startDice() {
    const dice = createDice()
    let made = 0
    const make: ModelMaker['make'] = async (input, role) =>
      role === 'obj' ? Buffer.from(`o model${(made += 1)}\n`) : dice.make(input, role)
    return startService({ maker: { ...dice, make }, faults: [{ kind: 'noNames' }] })
  }

  /** A run that pulls the lockfile of another one as soon as its own task is accepted. */
  async function pulling(theirs: TestRun, service: Awaited<ReturnType<typeof startDice>>): Promise<TestRun> {
    await writePictures(path('ours'), 'hero.png')
    const options = { emulated: false, machineStore: path('store') }
    const run = await openRun({ root: path('ours'), service, options })
    const { journal } = run.context.ports.store
    const { accept } = journal
    journal.accept = async (...told) => {
      const record = await accept(...told)
      await copyFile(`${theirs.root}/meshy-lock.json`, path('ours', 'meshy-lock.json'))
      return record
    }
    return run
  }

  it('adds no file of its own task to that one, and counts what its own cost', async () => {
    const service = await startDice()
    await writePictures(path('theirs'), 'hero.png')
    const theirs = await openRun({ root: path('theirs'), service, options: { emulated: false } })
    const { key } = (await theirs.load('hero.png?meshy')).metadata
    const ours = await pulling(theirs, service)

    await ours.load('hero.png?meshy&formats=obj')

    const pin = await ours.context.ports.store.lockfile?.get(key)
    const task = service.tasks().find(({ id }) => id === pin?.task?.id)
    const { obj = '' } = (task?.['model_urls'] ?? {}) as { obj?: string }
    const bytes = Buffer.from(await (await service.fetch(obj)).arrayBuffer())
    expect(service.counts.created).toBe(2)
    expect(pin?.task).toEqual((await theirs.context.ports.store.lockfile?.get(key))?.task)
    expect(pin?.files.obj?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(ours.context.ports.models.find(key)?.effort).toMatchObject({ origin: 'generated', credits: 30 })
  })
})

describe('saveModel, where somebody else has begun a submission meanwhile', () => {
  const { path } = useTempDir()

  it('leaves the record of that one', async () => {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const { context, load } = await openRun({ root: path(), service })
    const { entries, journal } = context.ports.store
    const { write } = entries
    const at = new Date().toISOString()
    entries.write = async (entry) => {
      await write(entry)
      const sent = { sentAt: at, answerBy: at, named: true }
      await changeRecord(path(), { state: 'started', taskId: undefined, sent })
    }

    const { metadata } = await load('hero.png?meshy')

    expect(await journal.read(metadata.key)).toMatchObject({ state: 'started', sent: { sentAt: at } })
  })
})
