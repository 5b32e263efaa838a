import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeshyError } from '../../src/system/errors.ts'
import { createCopies } from '../../src/store/copies.ts'
import { createBlobs } from '../../src/store/blobs.ts'
import { createVerifiedFiles, readFileState } from '../../src/store/verified-files.ts'
import { createLayout } from '../../src/store/layout.ts'
import { createOutputs } from '../../src/store/outputs.ts'
import { systemClock } from '../../src/system/clock.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { refTo } from './samples.ts'

const MODEL = 'a model, as far as the store is concerned'
const KEY = '0123456789abcdef'

describe('createOutputs', () => {
  const { path } = useTempDir()

  async function setUp() {
    const layout = createLayout(path('.meshy'))
    const blobs = createBlobs(layout)
    const ref = await blobs.write(Buffer.from(MODEL), { ext: 'glb' })
    return { blob: blobs.path(ref), outputs: createOutputs(layout), ref }
  }

  it('makes the file elsewhere where the checkout is read-only', async () => {
    const { ref } = await setUp()
    const layout = createLayout(path('.meshy'))
    const refuse = () =>
      Promise.reject(
        new MeshyError('MESHY_CACHE_UNWRITABLE', {
          message: 'No.',
          hint: 'No.',
          details: { errno: 'EROFS' },
        }),
      )
    const outputs = createOutputs(layout, refuse)

    const files = await Promise.all([1, 2].map(() => outputs.materialise(ref, KEY, 'hero')))
    onTestFinished(() => rm(dirname(dirname(dirname(files[0] ?? ''))), { recursive: true }))

    expect(new Set(files).size).toBe(1)
    expect(basename(files[0] ?? '')).toBe('hero.glb')
    expect(await readFile(files[0] ?? '', 'utf8')).toBe(MODEL)
    expect(await readdir(path('.meshy'))).not.toContain('out')
  })

  it('makes a file with the bytes of the blob, named after the image, that copies can be written over', async () => {
    const { outputs, ref } = await setUp()

    const file = await outputs.materialise(ref, KEY, 'hero')

    expect(file).toBe(path('.meshy', 'out', KEY, 'hero.glb'))
    expect(await readFile(file, 'utf8')).toBe(MODEL)
    expect((await stat(file)).mode & 0o777).toBe(0o644)
    expect(await readdir(path('.meshy', 'tmp'))).toEqual([])
  })

  it('leaves the file alone, and does without the blob, when it is right', async () => {
    const { blob, outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    const before = await stat(file)
    await rm(blob)

    expect(await outputs.materialise(ref, KEY, 'hero')).toBe(file)

    const after = await stat(file)
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it.each([
    ['deleted', undefined],
    ['emptied', ''],
    ['replaced by a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n'],
  ])('gives a blob its bytes back from the file when it was %s', async (_, left) => {
    const { blob, outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    await rm(dirname(blob), { recursive: true })
    if (left !== undefined) {
      await mkdir(dirname(blob))
      await writeFile(blob, left)
    }

    expect(await outputs.materialise(ref, KEY, 'hero')).toBe(file)

    expect(await readFile(blob, 'utf8')).toBe(MODEL)
    expect(await readdir(path('.meshy', 'tmp'))).toEqual([])
  })

  it.each([
    ['deleted', undefined],
    ['damaged', MODEL.replace('m', 'n')],
  ])('finds the bytes of a blob that was %s under the earlier name of the image', async (_, left) => {
    const { blob, outputs, ref } = await setUp()
    await outputs.materialise(ref, KEY, 'knight')
    await (left === undefined ? rm(blob) : writeFile(blob, left))
    expect(basename(await outputs.locate(ref, KEY, 'hero'))).toBe('knight.glb')

    const file = await outputs.materialise(ref, KEY, 'hero')

    expect([await readFile(file, 'utf8'), await readFile(blob, 'utf8')]).toEqual([MODEL, MODEL])
  })

  it('finds no bytes in a folder that is named like a file', async () => {
    const { ref } = await setUp()
    const folder = path('.meshy', 'out', KEY, 'knight.glb')
    await mkdir(folder, { recursive: true })
    const { size } = await stat(folder)

    const copies = createCopies(createLayout(path('.meshy')))

    expect(await copies.find({ ...ref, bytes: size }, KEY)).toBeUndefined()
  })

  it('gives a blob no other bytes, whatever was noted of the file', async () => {
    const { blob, ref } = await setUp()
    const layout = createLayout(path('.meshy'))
    const notes = createVerifiedFiles(layout)
    const outputs = createOutputs(layout, undefined, notes)
    const file = await outputs.materialise(ref, KEY, 'hero')
    await writeFile(file, MODEL.replace('m', 'n'))
    const state = await readFileState(file)
    if (state) notes.set(file, state, ref.sha256)
    await rm(blob)

    await expect(outputs.materialise(ref, KEY, 'hero')).rejects.toMatchObject({ code: 'MESHY_BLOB_MISSING' })

    await expect(stat(blob)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('needs no blob where nothing can be written', async () => {
    const { blob, outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    await rm(dirname(blob), { recursive: true })
    await writeFile(dirname(blob), 'not a folder')

    expect(await outputs.materialise(ref, KEY, 'hero')).toBe(file)
  })

  it.each([
    ['flipped', MODEL.replace('m', 'n')],
    ['truncated', MODEL.slice(0, 9)],
    ['emptied', ''],
  ])('makes the file again from the blob when it was %s', async (_, damaged) => {
    const { outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    await chmod(file, 0o644)
    await writeFile(file, damaged)

    await outputs.materialise(ref, KEY, 'hero')

    expect(await readFile(file, 'utf8')).toBe(MODEL)
  })

  it('checks a file once, over runs, for as long as it stays as it is', async () => {
    const { outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    const layout = createLayout(path('.meshy'))
    const laterRun = async () => {
      const notes = createVerifiedFiles(layout, undefined, { ...systemClock, now: () => Date.now() + 60_000 })
      await createOutputs(layout, undefined, notes).materialise(ref, KEY, 'hero')
      await notes.save()
    }
    await laterRun()
    expect(await readFile(layout.notes, 'utf8')).toContain(`${ref.sha256}\tout/${KEY}/hero.glb`)

    await chmod(file, 0o644)
    await writeFile(file, MODEL.replace('m', 'n'))
    await laterRun()

    expect(await readFile(file, 'utf8')).toBe(MODEL)
  })

  it('finds a file without writing anything', async () => {
    const { blob, outputs, ref } = await setUp()
    expect(await outputs.locate(ref, KEY, 'hero')).toBe(blob)

    const file = await outputs.materialise(ref, KEY, 'hero')
    await rm(blob)
    expect(await outputs.locate(ref, KEY, 'hero')).toBe(file)

    await rm(file)
    await expect(outputs.locate(ref, KEY, 'hero')).rejects.toMatchObject({ code: 'MESHY_BLOB_MISSING' })
    expect(await readdir(path('.meshy', 'out', KEY))).toEqual([])
  })

  it('does not take what was noted of other bytes', async () => {
    const { outputs, ref } = await setUp()
    const file = await outputs.materialise(ref, KEY, 'hero')
    const layout = createLayout(path('.meshy'))
    const notes = createVerifiedFiles(layout)
    const state = await readFileState(file)
    if (state) notes.set(file, state, ref.sha256)

    await expect(
      createOutputs(layout, undefined, notes).materialise(refTo('others'), KEY, 'hero'),
    ).rejects.toMatchObject({ code: 'MESHY_BLOB_MISSING' })
  })

  it('gives out nothing when file and blob are damaged', async () => {
    const { blob, outputs, ref } = await setUp()
    await writeFile(blob, 'damaged')

    await expect(outputs.materialise(ref, KEY, 'hero')).rejects.toMatchObject({ code: 'MESHY_BLOB_DAMAGED' })

    expect(await readdir(path('.meshy'))).not.toContain('out')
    expect(await readdir(path('.meshy', 'tmp'))).toEqual([])
  })

  it('says that the blob is missing when it is', async () => {
    const outputs = createOutputs(createLayout(path('.meshy')))

    await expect(outputs.materialise(refTo(MODEL), KEY, 'hero')).rejects.toMatchObject({
      code: 'MESHY_BLOB_MISSING',
    })
  })

  it('says that the blob was never pulled when it is a Git LFS pointer', async () => {
    const { blob, outputs, ref } = await setUp()
    await writeFile(
      blob,
      `version https://git-lfs.github.com/spec/v1\noid sha256:${ref.sha256}\nsize ${ref.bytes}\n`,
    )

    await expect(outputs.materialise(ref, KEY, 'hero')).rejects.toMatchObject({
      code: 'MESHY_BLOB_LFS_POINTER',
    })
  })

  it('makes one right file when many ask for it at once', async () => {
    const { outputs, ref } = await setUp()

    const files = await Promise.all(Array.from({ length: 20 }, () => outputs.materialise(ref, KEY, 'hero')))

    expect(new Set(files).size).toBe(1)
    expect(await readdir(path('.meshy', 'out', KEY))).toEqual(['hero.glb'])
    expect(await readFile(path('.meshy', 'out', KEY, 'hero.glb'), 'utf8')).toBe(MODEL)
  })

  it('says so when a file is where a folder should be', async () => {
    const { outputs, ref } = await setUp()
    await writeFile(path('.meshy', 'out'), '')

    await expect(outputs.materialise(ref, KEY, 'hero')).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
    })
  })
})
