import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTemporary, replaceFile, TEMPORARY_NAME, writeDurably } from '../../src/system/durable.ts'
import { canMount, mountVolume } from '../support/mounts.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('writeDurably', () => {
  const { path } = useTempDir()

  it('writes a file and the folders above it', async () => {
    await writeDurably(path('a', 'b', 'file'), 'text')

    expect(await readFile(path('a', 'b', 'file'), 'utf8')).toBe('text')
    expect(await readdir(path('a', 'b'))).toEqual(['file'])
  })

  it('replaces the file as a whole, so that who reads the old one goes on reading it', async () => {
    await writeFile(path('file'), 'old')
    const before = await stat(path('file'))

    await writeDurably(path('file'), 'new')

    expect((await stat(path('file'))).ino).not.toBe(before.ino)
  })

  it('makes its temporary file where it is told', async () => {
    await writeDurably(path('target', 'file'), 'text', path('tmp'))

    expect(await readdir(path('tmp'))).toEqual([])
    expect(await readdir(path('target'))).toEqual(['file'])
  })

  it.skipIf(!canMount)('keeps the old file and no leftover when the disk is full', async () => {
    const volume = mountVolume(path('volume'), 'size=64k')
    onTestFinished(() => volume.release())
    const file = join(path('volume'), 'file')
    await writeFile(file, 'old')

    await expect(writeDurably(file, 'x'.repeat(100_000))).rejects.toMatchObject({ code: 'ENOSPC' })

    expect(await readFile(file, 'utf8')).toBe('old')
    expect(await readdir(path('volume'))).toEqual(['file'])
  })

  it('leaves no leftover when a folder is in the way', async () => {
    await mkdir(path('file', 'below'), { recursive: true })

    await expect(writeDurably(path('file'), 'text')).rejects.toMatchObject({ code: 'EISDIR' })

    expect(await readdir(path())).toEqual(['file'])
  })
})

describe('openTemporary', () => {
  const { path } = useTempDir()

  it('has a name that can be told from other files', async () => {
    const temporary = await openTemporary(path('tmp'))

    const names = await readdir(path('tmp'))
    await temporary.discard()

    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(TEMPORARY_NAME)
    expect(await readdir(path('tmp'))).toEqual([])
  })
})

describe('replaceFile', () => {
  const { path } = useTempDir()
  const immutable = makeImmutable()

  it.skipIf(!immutable)('leaves no temporary file where what stands there will do', async () => {
    await writeFile(path('target'), 'same')
    immutable?.(path('target'))
    const temporary = await openTemporary(path('tmp'))
    await temporary.write(Buffer.from('same'))

    await temporary.publish(path('target'), { accept: async () => true })
    await temporary.discard()

    expect(await readdir(path('tmp'))).toEqual([])
  })

  it.skipIf(!immutable)('accepts what stands there when it cannot be replaced and will do', async () => {
    await writeFile(path('new'), 'same')
    await writeFile(path('target'), 'same')
    immutable?.(path('target'))

    await expect(replaceFile(path('new'), path('target'), async () => true)).resolves.toBe(false)
  })

  it.skipIf(!immutable)('fails when what stands there cannot be replaced and will not do', async () => {
    await writeFile(path('new'), 'good')
    await writeFile(path('target'), 'bad')
    immutable?.(path('target'))

    const replacing = replaceFile(path('new'), path('target'), async () => false)

    await expect(replacing).rejects.toMatchObject({ code: 'EPERM' })
  })
})

/** Makes a file refuse to be replaced, as Windows does with open files; undefined where nothing can do that. */
function makeImmutable(): ((file: string) => void) | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  if (spawnSync('chattr', ['-V']).error) return undefined
  return (file) => {
    const { status } = spawnSync('chattr', ['+i', file])
    if (status !== 0) throw new Error(`chattr cannot protect ${file}`)
    onTestFinished(() => {
      spawnSync('chattr', ['-i', file])
    })
  }
}
