import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { Scanner } from '@tailwindcss/oxide'
import { describe, expect, it } from 'vitest'
import { createBlobs } from '../../src/store/blobs.ts'
import { createEntries } from '../../src/store/entries.ts'
import { createJournal } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { createOutputs } from '../../src/store/outputs.ts'
import { createPreparation, prepareCache } from '../../src/store/prepare.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { keyOf, sampleStart, sampleStoredEntry } from './samples.ts'

const KEY = '0123456789abcdef'

describe('createLayout', () => {
  const layout = createLayout('/cache')

  it('puts everything below the cache folder', () => {
    const sha256 = 'ab'.repeat(32)

    expect(layout.blob({ sha256, ext: 'glb' })).toBe(`/cache/blobs/ab/${sha256}.glb`)
    expect(layout.entry(KEY)).toBe(`/cache/entries/${KEY}.json`)
    expect(layout.journalRecord(KEY)).toBe(`/cache/journal/${KEY}.json`)
    expect(layout.output(KEY, 'hero.glb')).toBe(`/cache/out/${KEY}/hero.glb`)
    expect(layout.state(KEY)).toBe(`/cache/state/${KEY}`)
    expect(layout.lease('lockfile')).toBe('/cache/leases/lockfile')
  })

  it.each(['../../../../etc/x', '0123456789ABCDEF', `${KEY}/..`, ''])('refuses the key %j', (key) => {
    expect(() => layout.entry(key)).toThrow(TypeError)
    expect(() => layout.journalRecord(key)).toThrow(TypeError)
    expect(() => layout.state(key)).toThrow(TypeError)
    expect(() => layout.output(key, 'hero.glb')).toThrow(TypeError)
  })

  it.each(['../hero.glb', 'a/b.glb', 'a\\b.glb', '..', ''])('refuses the file name %j', (name) => {
    expect(() => layout.output(KEY, name)).toThrow(TypeError)
  })

  it.each(['/etc/passwd', 'glb/../..', ''])('refuses the extension %j', (ext) => {
    expect(() => layout.blob({ sha256: 'ab'.repeat(32), ext })).toThrow(TypeError)
  })
})

describe('prepareCache', () => {
  const { path } = useTempDir()

  it('marks the folder as a cache', async () => {
    await prepareCache(createLayout(path('.meshy')))

    const tag = await readFile(path('.meshy', 'CACHEDIR.TAG'), 'utf8')
    expect(tag.startsWith('Signature: 8a477f597d28d172789f06886806bc55\n')).toBe(true)
  })

  it.each([
    ['as earlier versions wrote it', true, ''],
    ['that somebody has changed', false, '/blobs/secret.glb\n'],
  ])('writes a `.gitignore` %s anew: %j', async (_, isNew, more) => {
    await prepareCache(createLayout(path('.meshy')))
    const written = await readFile(path('.meshy', '.gitignore'), 'utf8')
    await writeFile(path('.meshy', '.gitignore'), written.replace('!/.ignore\n', '') + more)

    await prepareCache(createLayout(path('.meshy')))

    expect((await readFile(path('.meshy', '.gitignore'), 'utf8')) === written).toBe(isNew)
  })

  it('lets git see the blobs and the signs, and nothing else', async () => {
    const layout = createLayout(path('.meshy'))
    await createBlobs(layout).write(Buffer.from('model'), { ext: 'glb' })
    await createEntries(layout, { fingerprint: keyOf }).write(sampleStoredEntry())
    await createJournal(layout).start(sampleStart())
    const [ref] = await createBlobs(layout).list()
    if (ref) await createOutputs(layout).materialise(ref, KEY, 'hero')
    for (const folder of ['state', 'preview', 'leases', 'tmp']) {
      await mkdir(path('.meshy', folder), { recursive: true })
      await writeFile(path('.meshy', folder, 'x'), '')
    }

    git('init', '-q')
    git('add', '-A')
    const names = git('ls-files').trim().split('\n')

    expect(names.filter((name) => !name.includes('/blobs/'))).toEqual([
      '.meshy/.gitattributes',
      '.meshy/.gitignore',
      '.meshy/.ignore',
      '.meshy/CACHEDIR.TAG',
    ])
    expect(names).toHaveLength(5)
    expect(git('check-attr', 'diff', 'text', '--', '.meshy/blobs/ab/x.glb')).toContain('diff: unset')
  })

  it('keeps Tailwind CSS from taking the bytes of models for class names', async () => {
    await writeFile(path('page.html'), '<p class="italic"></p>')
    await createBlobs(createLayout(path('.meshy'))).write(Buffer.from(' outline '), { ext: 'glb' })
    const sources = [{ base: path(), pattern: '**/*', negated: false }]

    const classes = new Scanner({ sources }).scan()

    expect(classes).toContain('italic')
    expect(classes).not.toContain('outline')
  })

  it('lets the blobs in again when a project has no store of a team any more', async () => {
    const layout = createLayout(path('.meshy'))
    await prepareCache(layout, undefined, 'nothing')
    const without = await readFile(path('.meshy', '.gitignore'), 'utf8')

    await prepareCache(layout)

    expect(without).not.toContain('!/blobs/')
    expect(await readFile(path('.meshy', '.gitignore'), 'utf8')).toContain('!/blobs/')
  })

  it('shows git nothing in a run that changes nothing, and the blobs in the next one that may', async () => {
    const blobs = createBlobs(createLayout(path('.meshy')))
    git('init', '-q')
    await prepareCache(createLayout(path('.meshy')), undefined, 'unchanged')
    const hidden = git('status', '--porcelain')

    await blobs.write(Buffer.from('model'), { ext: 'glb' })

    expect(hidden).toBe('')
    expect(git('status', '--porcelain', '-uall')).toContain('.meshy/blobs/')
  })

  it('leaves alone what stands there already', async () => {
    await mkdir(path('.meshy'))
    await writeFile(path('.meshy', '.gitignore'), '# ours\n')

    await prepareCache(createLayout(path('.meshy')))

    expect(await readFile(path('.meshy', '.gitignore'), 'utf8')).toBe('# ours\n')
  })

  it('is signed again by a living run after somebody has deleted the folder', async () => {
    const blobs = createBlobs(createLayout(path('.meshy')))
    await blobs.write(Buffer.from('one'), { ext: 'glb' })
    await rm(path('.meshy'), { recursive: true })

    await blobs.write(Buffer.from('two'), { ext: 'glb' })

    expect(await readdir(path('.meshy'))).toEqual(
      expect.arrayContaining(['.gitattributes', '.gitignore', 'CACHEDIR.TAG']),
    )
  })

  it('removes what killed processes left more than a day ago, and nothing else', async () => {
    const old = `.meshy-${'a'.repeat(24)}.tmp`
    const fresh = `.meshy-${'b'.repeat(24)}.tmp`
    await mkdir(path('.meshy', 'tmp'), { recursive: true })
    for (const name of [old, fresh, 'mine.txt']) await writeFile(path('.meshy', 'tmp', name), '')
    const dayBefore = (Date.now() - 25 * 3_600_000) / 1000
    for (const name of [old, 'mine.txt']) await utimes(path('.meshy', 'tmp', name), dayBefore, dayBefore)

    await prepareCache(createLayout(path('.meshy')))

    expect(await readdir(path('.meshy', 'tmp'))).toEqual([fresh, 'mine.txt'])
  })

  it('says so when a file is where the cache folder should be', async () => {
    await writeFile(path('.meshy'), '')

    const preparing = prepareCache(createLayout(path('.meshy')))

    await expect(preparing).rejects.toMatchObject({ code: 'MESHY_CACHE_UNWRITABLE' })
  })

  function git(...args: string[]): string {
    return execFileSync('git', args, { cwd: path(), encoding: 'utf8' })
  }
})

describe('createPreparation', () => {
  const { path } = useTempDir()

  it('writes nothing when it is only created', async () => {
    createPreparation(createLayout(path('.meshy')))

    expect(await readdir(path())).toEqual([])
  })

  it('tries again after a failure', async () => {
    await writeFile(path('place'), '')
    const prepare = createPreparation(createLayout(path('place', '.meshy')))
    await expect(prepare()).rejects.toMatchObject({ code: 'MESHY_CACHE_UNWRITABLE' })

    await rm(path('place'))

    await expect(prepare()).resolves.toBeUndefined()
  })
})
