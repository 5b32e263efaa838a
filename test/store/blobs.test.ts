import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createBlobs } from '../../src/store/blobs.ts'
import { createLayout } from '../../src/store/layout.ts'
import { spawnScript } from '../support/child.ts'
import { canMount, makeReadOnly, mountVolume } from '../support/mounts.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { refTo } from './samples.ts'

const MODEL = 'a model, as far as the store is concerned'
const GLB = { ext: 'glb' }

describe('createBlobs', () => {
  const { path } = useTempDir()
  const store = () => createBlobs(createLayout(path('.meshy')))
  const leftovers = async (): Promise<string[]> => await readdir(path('.meshy', 'tmp'))

  it('stores bytes under their SHA-256 and gives them back', async () => {
    const blobs = store()

    const ref = await blobs.write(Buffer.from(MODEL), GLB)

    expect(ref).toEqual(refTo(MODEL))
    expect(blobs.path(ref)).toBe(path('.meshy', 'blobs', ref.sha256.slice(0, 2), `${ref.sha256}.glb`))
    expect((await blobs.read(ref)).toString()).toBe(MODEL)
    expect(await blobs.list()).toEqual([ref])
    expect(await leftovers()).toEqual([])
  })

  it('stores bytes that come in pieces', async () => {
    expect(await store().write(pieces(MODEL, 7), GLB)).toEqual(refTo(MODEL))
  })

  it('stores nothing as a blob of no bytes', async () => {
    expect(await store().write(pieces('', 1), GLB)).toEqual(refTo(''))
  })

  it('shows the head and the length to the check, once all is there', async () => {
    const seen: [string, number][] = []
    const text = 'x'.repeat(5_000)

    await store().write(pieces(text, 700), {
      ...GLB,
      check: (head, total) => seen.push([Buffer.from(head).toString(), total]),
    })

    expect(seen).toEqual([['x'.repeat(1024), 5_000]])
  })

  it.each([
    ['does not pass the check', { check: () => fail('invalid') }, 'invalid'],
    ['has another length', { expected: { bytes: 1 } }, 'MESHY_DOWNLOAD_INVALID'],
    ['has another SHA-256', { expected: refTo('another') }, 'MESHY_DOWNLOAD_INVALID'],
  ])('keeps nothing of what %s', async (_, options, code) => {
    await expect(store().write(pieces(MODEL, 5), { ...GLB, ...options })).rejects.toMatchObject({ code })

    expect(await store().list()).toEqual([])
    expect(await leftovers()).toEqual([])
  })

  it('keeps nothing of a source that breaks, and throws its error', async () => {
    await expect(store().write(breakingSource(), GLB)).rejects.toMatchObject({ code: 'ECONNRESET' })

    expect(await store().list()).toEqual([])
    expect(await leftovers()).toEqual([])
  })

  it('keeps nothing when it is aborted midway', async () => {
    const abort = new AbortController()
    const source = async function* () {
      yield Buffer.from('one')
      abort.abort(new Error('stopped'))
      yield Buffer.from('two')
    }

    await expect(store().write(source(), { ...GLB, signal: abort.signal })).rejects.toThrow('stopped')

    expect(await leftovers()).toEqual([])
  })

  it('leaves a blob alone when it is there and right', async () => {
    const ref = await store().write(Buffer.from(MODEL), GLB)
    const before = await stat(store().path(ref))

    await store().write(Buffer.from(MODEL), GLB)

    const after = await stat(store().path(ref))
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it.each<[string, string, string, (file: string) => Promise<void>]>([
    ['one bit is flipped', 'damaged', 'MESHY_BLOB_DAMAGED', flipBit],
    ['it is truncated', 'damaged', 'MESHY_BLOB_DAMAGED', (file) => truncate(file, 9)],
    ['it is empty', 'damaged', 'MESHY_BLOB_DAMAGED', (file) => truncate(file, 0)],
    ['it is a Git LFS pointer', 'lfs-pointer', 'MESHY_BLOB_LFS_POINTER', writePointer],
  ])(
    'never gives out a blob when %s, and replaces it by the right bytes',
    async (_, status, code, damage) => {
      const blobs = store()
      const ref = await blobs.write(Buffer.from(MODEL), GLB)
      await damage(blobs.path(ref))

      expect(await blobs.verify(ref)).toBe(status)
      await expect(blobs.read(ref)).rejects.toMatchObject({ code })

      await blobs.write(Buffer.from(MODEL), GLB)
      expect(await blobs.verify(ref)).toBe('ok')
    },
  )

  it('says that a blob is missing when it is', async () => {
    expect(await store().verify(refTo(MODEL))).toBe('missing')
    await expect(store().read(refTo(MODEL))).rejects.toMatchObject({ code: 'MESHY_BLOB_MISSING' })
    expect(await store().list()).toEqual([])
  })

  it('says so when a blob cannot be read', async () => {
    const ref = refTo(MODEL)
    await mkdir(store().path(ref), { recursive: true })

    await expect(store().verify(ref)).rejects.toMatchObject({ code: 'MESHY_CACHE_UNREADABLE' })
  })

  it('forgets a removed blob', async () => {
    const ref = await store().write(Buffer.from(MODEL), GLB)

    await store().remove(ref)

    expect(await store().verify(ref)).toBe('missing')
  })

  it('holds one right blob when eight processes store it at once', async () => {
    const script = new URL('./children/write-blob.ts', import.meta.url)

    const children = Array.from({ length: 8 }, () => spawnScript(script, [path('.meshy')]))
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    const [ref, ...others] = await store().list()
    expect(others).toEqual([])
    expect(ref && (await store().verify(ref))).toBe('ok')
    expect(await leftovers()).toEqual([])
  })

  it('says so when a file is where the cache should be', async () => {
    await writeFile(path('.meshy'), '')

    await expect(store().write(Buffer.from(MODEL), GLB)).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
      cause: expect.objectContaining({ code: 'ENOTDIR' }),
    })
  })

  it.skipIf(!canMount)('says so, and keeps nothing, when the disk is full', async () => {
    const volume = mountVolume(path('.meshy'), 'size=64k')
    onTestFinished(() => volume.release())

    await expect(store().write(Buffer.alloc(100_000), GLB)).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
      details: { errno: 'ENOSPC' },
    })

    expect(await store().list()).toEqual([])
    expect(await leftovers()).toEqual([])
  })

  it.skipIf(!canMount)('reads, and says that it cannot write, when the volume is read-only', async () => {
    const volume = mountVolume(path('.meshy'), 'size=64k')
    onTestFinished(() => volume.release())
    const ref = await store().write(Buffer.from('before'), GLB)
    makeReadOnly(path('.meshy'))

    expect((await store().read(ref)).toString()).toBe('before')
    await expect(store().write(Buffer.from(MODEL), GLB)).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
      details: { errno: 'EROFS' },
    })
  })
})

async function* pieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < text.length; start += length)
    yield Buffer.from(text.slice(start, start + length))
}

async function* breakingSource(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('the first half')
  throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
}

function fail(code: string): never {
  throw Object.assign(new Error(code), { code })
}

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[20] = (bytes[20] ?? 0) ^ 1
  await writeFile(file, bytes)
}

async function writePointer(file: string): Promise<void> {
  const { sha256, bytes } = refTo(MODEL)
  await writeFile(file, `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes}\n`)
}
