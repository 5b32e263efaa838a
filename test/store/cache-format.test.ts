import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createHasher } from '../../src/request/fingerprint.ts'
import { createEntries } from '../../src/store/entries.ts'
import { createJournal } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { readLease } from '../../src/store/lease-file.ts'
import { formatLockfile, parseLockfile } from '../../src/store/lockfile-document.ts'
import { prepareCache } from '../../src/store/prepare.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { keyOf } from './samples.ts'

/** The samples of docs/cache-format.md: a fence says in which file its text would stand. */
const document = await readFile(new URL('../../docs/cache-format.md', import.meta.url), 'utf8')
const samples = [...document.matchAll(/^```\w+ (.+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => ({
  name,
  text,
}))

const sampleOf = (wanted: string): string => {
  const found = samples.find(({ name }) => name === wanted)
  if (!found) throw new Error(`docs/cache-format.md has no sample \`${wanted}\``)
  return found.text
}
const namesIn = (folder: string): string[] =>
  samples.map(({ name }) => name).filter((name) => name.startsWith(`${folder}/`))
const keyIn = (name: string): string => basename(name, '.json')

describe('docs/cache-format.md', () => {
  const { path } = useTempDir()

  /** Puts a sample where it belongs. */
  async function place(name: string, text = sampleOf(name)): Promise<string> {
    const file = path('.meshy', name)
    await mkdir(path('.meshy', name, '..'), { recursive: true })
    await writeFile(file, text)
    return file
  }

  it('shows a lockfile as it is written', () => {
    const text = sampleOf('meshy-lock.json')

    const parsed = parseLockfile(text, { file: 'meshy-lock.json', fingerprint: keyOf })

    expect(Object.values(parsed.models).map(({ source }) => source)).toEqual(['pinned', 'meshy'])
    expect(formatLockfile(parsed)).toBe(text)
  })

  it('shows the text that the key is the hash of', async () => {
    const key = 'd4d2fca0644fa855'
    const hasher = await createHasher()
    const { models } = parseLockfile(sampleOf('meshy-lock.json'), {
      file: 'meshy-lock.json',
      fingerprint: keyOf,
    })

    expect(Object.keys(models)).toContain(key)
    expect(hasher.text(sampleOf(`key ${key}`).trim())).toBe(key)
  })

  it.each(namesIn('entries'))('shows an entry that is one: %s', async (name) => {
    await place(name)

    const entry = await createEntries(createLayout(path('.meshy')), { fingerprint: keyOf }).read(keyIn(name))

    expect(entry && keyOf(entry.request)).toBe(keyIn(name))
  })

  it.each(namesIn('journal'))('shows a journal record that is one: %s', async (name) => {
    await place(name)

    const record = await createJournal(createLayout(path('.meshy'))).read(keyIn(name))

    expect(record && keyOf(record.request)).toBe(keyIn(name))
  })

  it('shows the other states of a journal record', async () => {
    const [name = ''] = namesIn('journal')
    const { taskId: _, ...accepted } = JSON.parse(sampleOf(name))
    const journal = createJournal(createLayout(path('.meshy')))

    await place(name, JSON.stringify({ ...accepted, state: 'started' }))
    expect(await journal.read(keyIn(name))).toMatchObject({ state: 'started' })

    await place(
      name,
      JSON.stringify({ ...accepted, state: 'failed', failure: JSON.parse(sampleOf('failure')) }),
    )
    expect(await journal.read(keyIn(name))).toMatchObject({ state: 'failed' })
  })

  it('shows a lease that is one', async () => {
    const [name = ''] = namesIn('leases')

    const found = await readLease(await place(name))

    expect(found?.holder).toEqual(JSON.parse(sampleOf(name)))
  })

  it.each(['CACHEDIR.TAG', '.gitignore', '.ignore', '.gitattributes'])(
    'shows %s as it is written',
    async (name) => {
      await prepareCache(createLayout(path('.meshy')))

      expect(await readFile(path('.meshy', name), 'utf8')).toBe(sampleOf(name))
    },
  )
})
