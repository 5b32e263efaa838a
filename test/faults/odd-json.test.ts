import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'
import { makeCard } from '../../src/stand-in/card.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { createEntries } from '../../src/store/entries.ts'
import { createJournal } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { createLockfile } from '../../src/store/lockfile.ts'
import { makePng } from '../glb/pictures.ts'
import { keyOf, sampleEntry, sampleStart, sampleStoredEntry } from '../store/samples.ts'
import { useTempDir } from '../support/temp-dir.ts'

/** JSON that is valid, and what nobody reckons with. */
const ODD = [
  'null',
  '-1',
  '1e308',
  '1e999',
  '9007199254740993',
  '""',
  '"\\u0000\\ud800"',
  '"__proto__"',
  '[]',
  '[null]',
  '{}',
  '{"__proto__": {"toString": 1}, "constructor": null}',
  `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
  `"${'x'.repeat(70_000)}"`,
]

/** Every text that comes of a document by writing something odd in the place of one of its values. */
function* oddities(document: unknown): Generator<string> {
  const mark = '@@odd@@'
  for (const place of places(document)) {
    const text = JSON.stringify(replaced(document, place, mark))
    for (const odd of ODD) yield text.replace(`"${mark}"`, () => odd)
  }
}

function places(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([name, inner]) => places(inner, [...at, name]))]
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by
  const inner = Reflect.get(Object(value), name)
  const copy: unknown = Array.isArray(value) ? [...value] : { ...Object(value) }
  Reflect.set(Object(copy), name, replaced(inner, rest, by))
  return copy
}

/** Reads each text, and returns those that end in anything but a value or an error of ours. */
async function strays(texts: Iterable<string>, read: (text: string) => unknown): Promise<string[]> {
  const found: string[] = []
  for (const text of texts) {
    try {
      await read(text)
    } catch (error) {
      if (!isMeshyError(error)) found.push(`${String(error).slice(0, 200)} of ${text.slice(0, 400)}`)
    }
  }
  return found
}

const { path: dir } = useTempDir()

async function setUp(folder: 'entries' | 'journal', key: string) {
  const layout = createLayout(dir('.meshy'))
  const file = folder === 'entries' ? layout.entry(key) : layout.journalRecord(key)
  await mkdir(path.dirname(file), { recursive: true })
  return { layout, write: (text: string | Buffer) => writeFile(file, text) }
}

describe('odd JSON is an error of ours, or harmless', () => {
  it('in an entry, also where it is written again', async () => {
    const entry = sampleStoredEntry()
    const { layout, write } = await setUp('entries', entry.key)
    const entries = createEntries(layout, { fingerprint: keyOf, prepare: async () => {} })

    const found = await strays(oddities({ version: 1, ...entry }), async (text) => {
      await write(text)
      const read = await entries.read(entry.key)
      if (read) await entries.write(read)
    })

    expect(found).toEqual([])
  })

  it('in a record of the journal', async () => {
    const { key, ...start } = sampleStart()
    const { layout, write } = await setUp('journal', key)
    const journal = createJournal(layout, async () => {})
    const record = {
      version: 1,
      state: 'accepted',
      key,
      ...start,
      attempts: 1,
      forgottenTasks: ['a'],
      taskId: 'b',
    }

    const found = await strays(oddities(record), async (text) => {
      await write(text)
      await journal.read(key)
      await journal.clear(key)
    })

    expect(found).toEqual([])
  })

  it('in a lockfile, also where it is written again', async () => {
    const { key, ...model } = sampleEntry()
    const file = dir('meshy-lock.json')
    const lockfile = createLockfile({ file, fingerprint: keyOf, lease: dir('lease') })

    const found = await strays(oddities({ version: 1, models: { [key]: model } }), async (text) => {
      await writeFile(file, text)
      await lockfile.all()
      await lockfile.put(sampleEntry(2))
    })

    expect(found).toEqual([])
  })

  it.each([
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['UTF-16', Buffer.from('{"version": 1, "models": {}}', 'utf16le')],
    ['a million brackets', Buffer.from('['.repeat(1_000_000))],
    ['a million objects', Buffer.from('{"a":'.repeat(1_000_000))],
    ['nothing but NUL', Buffer.alloc(4_096)],
    ['a quote that never ends', Buffer.from(`{"${'\\"'.repeat(500_000)}`)],
  ])('as bytes: %s', async (_, bytes) => {
    const { key } = sampleEntry()
    const { layout, write } = await setUp('entries', key)
    await mkdir(layout.journal, { recursive: true })
    await Promise.all([
      write(bytes),
      writeFile(layout.journalRecord(key), bytes),
      writeFile(dir('lock'), bytes),
    ])
    const lockfile = createLockfile({ file: dir('lock'), fingerprint: keyOf, lease: dir('lease') })
    const readers = [
      () => createEntries(layout, { fingerprint: keyOf }).read(key),
      () => createJournal(layout).read(key),
      () => lockfile.all(),
    ]

    const codes = await Promise.all(
      readers.map((read) => read().catch((error: unknown) => (isMeshyError(error) ? error.code : error))),
    )

    expect(codes).toEqual(['MESHY_CACHE_CORRUPT', 'MESHY_JOURNAL_INVALID', 'MESHY_LOCKFILE_INVALID'])
  })

  it('in a GLB', async () => {
    const { json, bin } = chunksOf(makeCard({ image: makePng(4, 2), name: 'card', textured: true }))

    expect(inspectGlb(glbOf(JSON.stringify(json), bin)).triangles).toBeGreaterThan(0)
    expect(await strays(oddities(json), (text) => inspectGlb(glbOf(text, bin)))).toEqual([])
  })
})

function chunksOf(glb: Uint8Array): { json: unknown; bin: Buffer } {
  const bytes = Buffer.from(glb)
  const end = 20 + bytes.readUInt32LE(12)
  return { json: JSON.parse(bytes.toString('utf8', 20, end)), bin: bytes.subarray(end) }
}

function glbOf(text: string, bin: Buffer): Buffer {
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4))
  const head = Buffer.alloc(20)
  head.write('glTF')
  head.writeUInt32LE(2, 4)
  head.writeUInt32LE(20 + json.length + bin.length, 8)
  head.writeUInt32LE(json.length, 12)
  head.write('JSON', 16)
  return Buffer.concat([head, json, bin])
}
