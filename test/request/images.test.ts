import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp, { type JpegOptions } from 'sharp'
import { describe, expect, it } from 'vitest'
import { createHasher, type Hasher } from '../../src/request/fingerprint.ts'
import { createImageReader, type ImageNotes } from '../../src/request/images.ts'
import { coded, makeFolder, makePng } from './fixtures.ts'

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`

describe('createImageReader', () => {
  it('reads a PNG', async () => {
    const bytes = makePng(7)
    const file = path.join(await makeFolder({ 'a.png': bytes }), 'a.png')
    const hasher = await createHasher()

    const image = await createImageReader(hasher).read(file)

    const hash = hasher.bytes(bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const size = { width: 7, height: 1 }
    expect(image).toEqual({ file, hash, bytes: bytes.length, sha256, mime: 'image/png', ...size })
  })

  it.each([
    ['baseline', {}],
    ['progressive', { progressive: true }],
    ['4:4:4', { chromaSubsampling: '4:4:4', quality: 100 }],
    ['optimised', { mozjpeg: true }],
  ])('reads a %s JPEG', async (_, options) => {
    const bytes = await makeJpeg(options)

    await expect(readBytes(bytes)).resolves.toMatchObject({ mime: 'image/jpeg', width: 40, height: 30 })
  })

  it('goes by the bytes and not by the name', async () => {
    await expect(readBytes(await makeJpeg(), 'a.png')).resolves.toMatchObject({ mime: 'image/jpeg' })
    await expect(readBytes(makePng(), 'a.jpeg')).resolves.toMatchObject({ mime: 'image/png' })
  })

  it('accepts what cameras and editors append', async () => {
    const jpeg = Buffer.concat([await makeJpeg(), Buffer.from('\0\0ftypmp42 a whole film')])

    await expect(readBytes(jpeg)).resolves.toMatchObject({ bytes: jpeg.length })
    await expect(readBytes(Buffer.concat([makePng(), Buffer.alloc(99)]))).resolves.toMatchObject({ width: 1 })
  })

  it('accepts fill bytes before a JPEG marker', async () => {
    const jpeg = await makeJpeg()
    const filled = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xff]), jpeg.subarray(2)])

    await expect(readBytes(filled)).resolves.toMatchObject({ width: 40 })
  })

  it('refuses a PNG cut at any byte', async () => {
    const bytes = makePng()

    for (let length = 0; length < bytes.length; length++) {
      await expect(readBytes(bytes.subarray(0, length))).rejects.toThrow(coded('MESHY_IMAGE_INVALID'))
    }
  })

  it('refuses a JPEG that is cut before its pixels', async () => {
    const bytes = await makeJpeg()
    const folder = await makeFolder({ 'a.jpg': bytes })
    const file = path.join(folder, 'a.jpg')
    const reader = createImageReader(await createHasher())

    for (let length = bytes.indexOf(Buffer.from([0xff, 0xda])); length >= 0; length--) {
      await truncate(file, length)
      await expect(reader.read(file)).rejects.toThrow(coded('MESHY_IMAGE_INVALID'))
    }
  })

  it('accepts what stands before a JPEG marker, and one without an end marker, as viewers do', async () => {
    const jpeg = await makeJpeg()
    const second = 4 + jpeg.readUInt16BE(4)
    for (const junk of [
      [0, 0, 0, 0, 0],
      [0xff, 0x00, 0x00, 0x02],
      [0xff, 0xff, 0xff],
    ]) {
      const odd = Buffer.concat([jpeg.subarray(0, second), Buffer.from(junk), jpeg.subarray(second)])
      await expect(readBytes(odd)).resolves.toMatchObject({ width: 40, height: 30 })
    }
    await expect(readBytes(jpeg.subarray(0, -2))).resolves.toMatchObject({ width: 40, height: 30 })
  })

  it.each([
    ['empty', '', 'is empty'],
    ['a Git LFS pointer', LFS_POINTER, 'Git LFS pointer'],
    ['WebP', 'RIFF\x10\0\0\0WEBPVP8 ', 'WebP'],
    ['GIF', 'GIF89a\x01\0\x01\0', 'GIF'],
    ['AVIF', '\0\0\0\x20ftypavif', 'AVIF'],
    ['HEIC', '\0\0\0\x20ftypheic', 'HEIC'],
    ['SVG', '\uFEFF<?xml version="1.0"?>\n<!-- made --><svg xmlns="x">', 'SVG'],
    ['HTML', '\n<!DOCTYPE html><title>404</title>', 'HTML'],
    ['BMP', 'BM6\0', 'BMP'],
    ['TIFF', 'II*\0', 'TIFF'],
    ['JPEG XL', Buffer.from([0xff, 0x0a, 0x7f]), 'a JPEG XL image'],
    ['JPEG XL in a container', Buffer.from('0000000c4a584c200d0a870a', 'hex'), 'a JPEG XL image'],
    ['JPEG 2000', Buffer.from('0000000c6a5020200d0a870a', 'hex'), 'a JPEG 2000 image'],
    ['a bare JPEG 2000', Buffer.from('ff4fff510029', 'hex'), 'a JPEG 2000 image'],
    ['HEIC of a sequence', '\0\0\0\x20ftyphevc', 'HEIC'],
    ['HEIC by its general brand', '\0\0\0\x20ftypmif1', 'HEIC'],
    ['PSD', '8BPS\0\x01', 'a Photoshop document'],
    ['ICO', Buffer.from('00000100010010100000', 'hex'), 'an icon'],
    ['KTX2', Buffer.from('ab4b5458203230bb0d0a1a0a', 'hex'), 'a KTX2 texture'],
    ['OpenEXR', Buffer.from('762f310102000000', 'hex'), 'an OpenEXR image'],
    ['HDR', '#?RADIANCE\n', 'a Radiance HDR image'],
    ['a PNG of Xcode', Buffer.from('89504e470d0a1a0a000000044367424950002002', 'hex'), '(CgBI)'],
    ['text', 'hello', 'an unknown format'],
    [
      'a PNG whose line ends were converted',
      makePng().toString('latin1').replace('\r\n', '\n'),
      'unknown format',
    ],
    [
      'a PNG without pixels',
      Buffer.concat([makePng().subarray(0, 33), makePng().subarray(-12)]),
      'no pixels',
    ],
    ['a PNG of no width', makePng(0), 'no pixels'],
    ['a JPEG of markers only', Buffer.from([0xff, 0xd8, 0xff, 0xd9]), 'no frame'],
    ['a JPEG with rubbish inside', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 1, 2, 3]), 'is truncated'],
  ])('refuses %s', async (_, content, reason) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content

    await expect(readBytes(bytes)).rejects.toThrow(
      coded('MESHY_IMAGE_INVALID', { message: expect.stringContaining(reason) }),
    )
  })

  it('refuses an image of more than 20 MB without reading it', async () => {
    const { hasher, hashed } = await countingHasher()
    const file = path.join(await makeFolder({ 'a.png': makePng() }), 'a.png')
    await truncate(file, 20 * 1024 * 1024 + 1)

    await expect(createImageReader(hasher).read(file)).rejects.toThrow(coded('MESHY_IMAGE_INVALID'))
    expect(hashed()).toBe(0)
  })

  it.each(['gone.png', 'gone/a.png', 'a.png/b.png', 'folder'])(
    'says that there is no image at %s',
    async (name) => {
      const folder = await makeFolder({ 'a.png': makePng() })
      await mkdir(path.join(folder, 'folder'))

      await expect(createImageReader(await createHasher()).read(path.join(folder, name))).rejects.toThrow(
        coded('MESHY_IMAGE_NOT_FOUND'),
      )
    },
  )

  it('says that an image cannot be read when its links go in a circle', async () => {
    const folder = await makeFolder()
    await symlink('b.png', path.join(folder, 'a.png'))
    await symlink('a.png', path.join(folder, 'b.png'))

    await expect(createImageReader(await createHasher()).read(path.join(folder, 'a.png'))).rejects.toThrow(
      coded('MESHY_IMAGE_INVALID'),
    )
  })

  it('hashes once for a thousand imports of one image, at once or later', async () => {
    const { hasher, hashed } = await countingHasher()
    const file = path.join(await makeFolder({ 'a.png': makePng() }), 'a.png')
    const reader = createImageReader(hasher)

    const images = await Promise.all(Array.from({ length: 1000 }, () => reader.read(file)))
    await reader.read(file)

    expect(new Set(images.map(({ hash }) => hash)).size).toBe(1)
    expect(hashed()).toBe(1)
  })

  it('does not read what was noted by an earlier run, until the image is changed', async () => {
    const file = path.join(await makeFolder({ 'a.png': makePng(3) }), 'a.png')
    const notes = createMemory()
    const first = await createImageReader(await createHasher(), notes).read(file)
    const { hasher, hashed } = await countingHasher()

    expect(await createImageReader(hasher, notes).read(file)).toEqual(first)
    expect(hashed()).toBe(0)

    await appendFile(file, 'x')
    expect((await createImageReader(hasher, notes).read(file)).hash).not.toBe(first.hash)
    expect(hashed()).toBe(1)
  })

  it('reads what was noted in another form', async () => {
    const file = path.join(await makeFolder({ 'a.png': makePng() }), 'a.png')
    const notes = { ...createMemory(), get: async () => '0123456789abcdef 12 image/avif 1x1' }

    expect(await createImageReader(await createHasher(), notes).read(file)).toMatchObject({
      mime: 'image/png',
    })
  })

  it('reads again when the image was changed', async () => {
    const file = path.join(await makeFolder({ 'a.png': makePng(1) }), 'a.png')
    const reader = createImageReader(await createHasher())
    const before = await reader.read(file)

    await writeFile(file, makePng(2))
    await utimes(file, new Date(), new Date(Date.now() + 5000))

    expect((await reader.read(file)).hash).not.toBe(before.hash)
  })

  it('asks the disk again after a failure', async () => {
    const folder = await makeFolder({ 'a.png': '' })
    const file = path.join(folder, 'a.png')
    const reader = createImageReader(await createHasher())
    await expect(reader.read(file)).rejects.toThrow(coded('MESHY_IMAGE_INVALID'))

    await writeFile(file, makePng())

    await expect(reader.read(file)).resolves.toMatchObject({ mime: 'image/png' })
  })

  it('gives the bytes that were hashed', async () => {
    const file = path.join(await makeFolder({ 'a.png': makePng() }), 'a.png')
    const reader = createImageReader(await createHasher())

    expect(await reader.readBytes(await reader.read(file))).toEqual(await readFile(file))
  })

  it('refuses to give other bytes than were hashed', async () => {
    const file = path.join(await makeFolder({ 'a.png': makePng() }), 'a.png')
    const reader = createImageReader(await createHasher())
    const image = await reader.read(file)

    await appendFile(file, 'x')
    await expect(reader.readBytes(image)).rejects.toThrow(coded('MESHY_IMAGE_CHANGED'))
    await writeFile(file, makePng().fill(0))
    await expect(reader.readBytes(image)).rejects.toThrow(coded('MESHY_IMAGE_CHANGED'))
    await rm(file)
    await expect(reader.readBytes(image)).rejects.toThrow(coded('MESHY_IMAGE_NOT_FOUND'))
  })

  it('reads nothing for a run that was stopped', async () => {
    const reader = createImageReader(await createHasher())

    await expect(reader.read('/a.png', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  })
})

/** Notes that are lost with it. */
function createMemory(): ImageNotes {
  const notes = new Map<string, string>()
  return {
    get: async (file, { text }) => notes.get(`${file} ${text}`),
    set: (file, { text }, note) => void notes.set(`${file} ${text}`, note),
  }
}

async function readBytes(bytes: Uint8Array, name = 'a.png') {
  const folder = await makeFolder({ [name]: bytes })
  return createImageReader(await createHasher()).read(path.join(folder, name))
}

async function makeJpeg(options: JpegOptions = {}): Promise<Buffer> {
  const noise = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, index) => (index * index * 31) % 256))
  return sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
    .jpeg(options)
    .toBuffer()
}

async function countingHasher(): Promise<{ hasher: Hasher; hashed: () => number }> {
  const real = await createHasher()
  let count = 0
  const bytes = (data: Uint8Array) => {
    count++
    return real.bytes(data)
  }
  return { hasher: { ...real, bytes }, hashed: () => count }
}
