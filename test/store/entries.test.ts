import { readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { check } from 'prettier'
import { describe, expect, it } from 'vitest'
import { createEntries } from '../../src/store/entries.ts'
import { createLayout } from '../../src/store/layout.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { keyOf, sampleStoredEntry } from './samples.ts'

describe('createEntries', () => {
  const { path } = useTempDir()
  const entry = sampleStoredEntry()
  const file = (key = entry.key): string => path('.meshy', 'entries', `${key}.json`)
  const store = () => createEntries(createLayout(path('.meshy')), { fingerprint: keyOf })

  /** The record as it was written, with something changed in it. */
  async function change(edit: (record: Record<string, unknown>) => object): Promise<void> {
    await store().write(entry)
    const record: Record<string, unknown> = JSON.parse(await readFile(file(), 'utf8'))
    await writeFile(file(), JSON.stringify(edit(record)))
  }

  it('gives back what was written', async () => {
    await store().write(entry)

    expect(await store().read(entry.key)).toEqual(entry)
  })

  it('is written as Prettier leaves it, which walks the cache too', async () => {
    await store().write(entry)

    expect(await check(await readFile(file(), 'utf8'), { parser: 'json' })).toBe(true)
  })

  it('knows nothing of a key that has no record', async () => {
    expect(await store().read(entry.key)).toBeUndefined()
    expect(await store().keys()).toEqual([])
  })

  it('lists the keys, sorted, whatever else lies in the folder', async () => {
    const others = [2, 3].map((number) => sampleStoredEntry(number))
    for (const each of [entry, ...others]) await store().write(each)
    await writeFile(path('.meshy', 'entries', 'notes.json'), '')

    expect(await store().keys()).toEqual([entry, ...others].map(({ key }) => key).sort())
  })

  it('forgets a removed entry', async () => {
    await store().write(entry)
    await store().remove(entry.key)

    expect(await store().read(entry.key)).toBeUndefined()
  })

  it('keeps fields that a later minor version wrote', async () => {
    await change((record) => ({ ...record, later: { much: 'later' } }))

    const found = await store().read(entry.key)
    if (found) await store().write(found)

    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ later: { much: 'later' } })
  })

  it('names the file when a record is truncated', async () => {
    await store().write(entry)
    await truncate(file(), 100)

    await expect(store().read(entry.key)).rejects.toMatchObject({
      code: 'MESHY_CACHE_CORRUPT',
      details: { file: file() },
    })
  })

  it.each<[string, (record: Record<string, unknown>) => object]>([
    ['is no object', () => []],
    ['has no version', (record) => ({ ...record, version: undefined })],
    [
      'has a hash that is none',
      (record) => ({ ...record, files: { glb: { sha256: '../x', bytes: 1, ext: 'glb' } } }),
    ],
    [
      'has an extension that is a path',
      (record) => ({ ...record, files: { glb: { ...entry.files.glb, ext: '/x' } } }),
    ],
    ['has no GLB', (record) => ({ ...record, files: {} })],
  ])('refuses a record that %s', async (_, edit) => {
    await change(edit)

    await expect(store().read(entry.key)).rejects.toMatchObject({ code: 'MESHY_CACHE_CORRUPT' })
  })

  it('refuses the record of another key', async () => {
    await store().write(entry)
    const other = 'f'.repeat(16)
    await rename(file(), file(other))

    await expect(store().read(other)).rejects.toMatchObject({ code: 'MESHY_CACHE_CORRUPT' })
  })

  it('refuses the record of another request under its key', async () => {
    const { request } = sampleStoredEntry(2)
    await change((record) => ({ ...record, request }))

    await expect(store().read(entry.key)).rejects.toMatchObject({
      code: 'MESHY_CACHE_CORRUPT',
      message: expect.stringContaining(keyOf(request)),
    })
  })

  it('refuses a record of a later version', async () => {
    await change((record) => ({ ...record, version: 2, files: 'elsewhere' }))

    await expect(store().read(entry.key)).rejects.toMatchObject({ code: 'MESHY_CACHE_VERSION' })
  })
})
