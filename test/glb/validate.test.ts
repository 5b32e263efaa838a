import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { assertGlbHeader } from '../../src/glb/validate.ts'
import { assembleGlb, codeOf } from './fixtures.ts'

const valid = assembleGlb({ asset: { version: '2.0' } })

describe('assertGlbHeader', () => {
  it('accepts a GLB whose header tells its length', () => {
    expect(() => assertGlbHeader(valid.subarray(0, 20), valid.length)).not.toThrow()
  })

  it.each([
    ['HTML', Buffer.from('<!DOCTYPE html><html>'), 'HTML'],
    ['XML', Buffer.from('<?xml version="1.0"?><Error>'), 'XML'],
    ['JSON', Buffer.from('{"message":"Task not found"}'), 'JSON'],
    ['gzip', gzipSync(valid), 'gzip'],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'Git LFS'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['a PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), '89 50 4e 47'],
    ['a header that ends early', valid.subarray(0, 12), '12 bytes'],
  ])('says what it saw when the file is %s', (_, bytes, seen) => {
    const { code, message } = codeOf(() => assertGlbHeader(bytes, bytes.length))

    expect(code).toBe('MESHY_GLB_INVALID')
    expect(message).toContain(seen)
  })

  it.each([
    ['the file is truncated', valid, valid.length - 1, 'truncated'],
    ['bytes follow the model', valid, valid.length + 1, `${valid.length + 1}`],
    ['the version is 1', patched(valid, 4, 1), valid.length, '`1`'],
    ['the first chunk is binary', patched(valid, 16, 0x004e4942), valid.length, 'not JSON'],
    ['the first chunk is too long', patched(valid, 12, 0xffff), valid.length, '65535'],
  ])('refuses when %s', (_, bytes, total, seen) => {
    const { code, message } = codeOf(() => assertGlbHeader(bytes, total))

    expect(code).toBe('MESHY_GLB_INVALID')
    expect(message).toContain(seen)
  })
})

function patched(bytes: Uint8Array, offset: number, word: number): Uint8Array {
  const copy = bytes.slice()
  new DataView(copy.buffer).setUint32(offset, word, true)
  return copy
}
