import { appendFile, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createVerifiedFiles, readFileState } from '../../src/store/verified-files.ts'
import { createLayout } from '../../src/store/layout.ts'
import type { FileState } from '../../src/system/file.ts'
import { systemClock, type Clock } from '../../src/system/clock.ts'
import { useTempDir } from '../support/temp-dir.ts'

/** Every file that was just written is old for it. */
const LATER: Clock = { ...systemClock, now: () => Date.now() + 60_000 }

describe('createVerifiedFiles', () => {
  const { path } = useTempDir()

  /** Notes as a run of its own has them. */
  const openNotes = (clock = LATER) => createVerifiedFiles(createLayout(path('.meshy')), undefined, clock)

  async function writeNoted(text = 'bytes'): Promise<string> {
    const file = path('hero.glb')
    await writeFile(file, text)
    const notes = openNotes()
    notes.set(file, await stateOf(file), 'a note')
    await notes.save()
    return file
  }

  it('hands a note on to later runs', async () => {
    const file = await writeNoted()

    expect(await openNotes().get(file, await stateOf(file))).toBe('a note')
  })

  it.each<[string, (file: string) => Promise<void>]>([
    ['written again with as many bytes', (file) => writeFile(file, 'other')],
    [
      'written again, with the old times put back',
      async (file) => {
        const { atime, mtime } = await stat(file)
        await writeFile(file, 'other')
        await utimes(file, atime, mtime)
      },
    ],
    ['appended to', (file) => appendFile(file, '!')],
    [
      'replaced by a renamed one',
      async (file) => {
        await writeFile(`${file}.new`, 'other')
        await rename(`${file}.new`, file)
      },
    ],
  ])('forgets a file that was %s', async (_, change) => {
    const file = await writeNoted()

    await change(file)

    expect(await openNotes().get(file, await stateOf(file))).toBeUndefined()
  })

  it('tells later runs nothing of a file that changed a moment ago: the next change might not show', async () => {
    const file = path('hero.glb')
    await writeFile(file, 'bytes')
    const notes = openNotes(systemClock)

    notes.set(file, await stateOf(file), 'a note')
    await notes.save()

    expect(await notes.get(file, await stateOf(file))).toBe('a note')
    expect(await openNotes().get(file, await stateOf(file))).toBeUndefined()
    expect(await readFileState(path('.meshy'))).toBeUndefined()
  })

  it('keeps the notes of other runs, but for files that are gone', async () => {
    const file = await writeNoted()
    const [others, gone] = [path('others.glb'), path('gone.glb')]
    await writeFile(others, 'others')
    await writeFile(gone, 'gone')
    for (const name of [others, gone]) {
      const notes = openNotes()
      notes.set(name, await stateOf(name), 'another note')
      await notes.save()
    }
    await rm(gone)

    const notes = openNotes()
    notes.set(file, await stateOf(file), 'a newer note')
    await notes.save()

    expect(await openNotes().get(file, await stateOf(file))).toBe('a newer note')
    expect(await openNotes().get(others, await stateOf(others))).toBe('another note')
    expect(await readFile(path('.meshy', 'notes'), 'utf8')).not.toContain('gone')
  })

  it('knows nothing when its file is torn', async () => {
    const file = await writeNoted()
    const whole = await readFile(path('.meshy', 'notes'))

    for (let length = 0; length < whole.length - 1; length++) {
      await writeFile(path('.meshy', 'notes'), whole.subarray(0, length))
      expect(await openNotes().get(file, await stateOf(file))).toBeUndefined()
    }
  })

  it.each<[string, (notes: string) => Promise<void>]>([
    ['zeros after its last line', (notes) => appendFile(notes, Buffer.alloc(4096))],
    ['zeros in a name', (notes) => appendFile(notes, '1 2 3 4\tnote\thero\0.glb\n')],
    ['a name that no file can have', (notes) => appendFile(notes, `1 2 3 4\tnote\t${'a'.repeat(5000)}\n`)],
    ['lines of something else', (notes) => appendFile(notes, '{ "version": 2 }\n\t\t\t\n')],
  ])('goes on when a crash left %s', async (_, damage) => {
    const file = await writeNoted()
    await damage(path('.meshy', 'notes'))
    const another = path('another.glb')
    await writeFile(another, 'another')

    const notes = openNotes()
    notes.set(another, await stateOf(another), 'another note')
    await notes.save()

    expect(await openNotes().get(file, await stateOf(file))).toBe('a note')
    expect(await openNotes().get(another, await stateOf(another))).toBe('another note')
    expect((await readFile(path('.meshy', 'notes'), 'utf8')).split('\n')).toHaveLength(3)
  })

  it('knows and saves nothing where a folder is in the way', async () => {
    const file = await writeNoted()
    await rm(path('.meshy', 'notes'))
    await mkdir(path('.meshy', 'notes', 'folder'), { recursive: true })

    const notes = openNotes()
    expect(await notes.get(file, await stateOf(file))).toBeUndefined()
    notes.set(file, await stateOf(file), 'a note')
    await expect(notes.save()).resolves.toBeUndefined()
  })

  it('does not open a picture once more, which is not ours to sync', async () => {
    const file = path('hero.png')
    await writeFile(file, 'bytes')
    const notes = openNotes()
    notes.set(file, await stateOf(file), 'a note')
    await rm(file)

    await notes.save()

    expect(await readFile(path('.meshy', 'notes'), 'utf8')).toContain('\ta note\t../hero.png\n')
  })

  it('hands on nothing of an output that is gone', async () => {
    const file = path('.meshy', 'out', 'hero.glb')
    await mkdir(path('.meshy', 'out'), { recursive: true })
    await writeFile(file, 'bytes')
    const notes = openNotes()
    notes.set(file, await stateOf(file), 'a note')
    await rm(file)

    await notes.save()

    expect(await readFile(path('.meshy', 'notes'), 'utf8')).toBe('')
  })

  it('saves nothing, and says nothing, where the cache cannot be made', async () => {
    const file = path('hero.glb')
    await writeFile(file, 'bytes')
    await writeFile(path('.meshy'), 'a file is in the way')
    const notes = openNotes()
    notes.set(file, await stateOf(file), 'a note')

    await expect(notes.save()).resolves.toBeUndefined()
    expect(await openNotes().get(file, await stateOf(file))).toBeUndefined()
  })
})

async function stateOf(file: string): Promise<FileState> {
  const state = await readFileState(file)
  if (!state) throw new Error(`${file} is missing.`)
  return state
}
