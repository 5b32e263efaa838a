import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { hintToCommit } from '../../src/generate/save.ts'
import type { StoredEntry } from '../../src/store/entry.ts'
import { openRun, writePictures } from '../support/run.ts'
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
    ['the options', { teamStore: 'http://127.0.0.1:1/models' }, {}, /commit only `meshy-lock.json`/, []],
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
