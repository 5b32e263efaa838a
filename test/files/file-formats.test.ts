import { describe, expect, it } from 'vitest'
import { checkFormat, extensionOf } from '../../src/request/file-formats.ts'

const HTML = '<!DOCTYPE html><p>Not found'
const ASCII = 'solid hero\n  facet normal 0 0 1\n    outer loop\n'

/** Binary STL of so many triangles, of which 1024 bytes are looked at. */
function binaryStl(triangles: number, text = ''): { head: Buffer; total: number } {
  const total = 84 + triangles * 50
  const head = Buffer.alloc(Math.min(1024, total))
  head.write(text, 'latin1')
  head.writeUInt32LE(triangles, 80)
  return { head, total }
}

function check(format: 'stl' | '3mf', head: Buffer | string, total?: number): string | undefined {
  const bytes = Buffer.from(head as Buffer)
  return checkFormat(format, format, { head: bytes, total: total ?? bytes.length })
}

describe('checkFormat', () => {
  it.each([0, 1, 12, 1_000_000])('takes a binary STL of %i triangles', (triangles) => {
    const { head, total } = binaryStl(triangles, 'solid by a tool that does not know better')

    expect(check('stl', head, total)).toBeUndefined()
  })

  it.each([ASCII, ASCII.replaceAll('\n', '\r\n'), 'solid \nendsolid \n'])('takes the STL %j', (text) => {
    expect(check('stl', text)).toBeUndefined()
  })

  it('finds a binary STL odd that is cut off', () => {
    const { head, total } = binaryStl(100)

    expect(check('stl', head, total - 1)).toBe('does not start like an STL file')
  })

  it.each([
    '',
    HTML,
    '{"message":"not found"}',
    'solid state drives are on sale',
    `solid ${'x'.repeat(200)}`,
  ])('refuses %j as STL', (text) => {
    expect(() => check('stl', text)).toThrow('The served stl file')
  })

  it('takes a ZIP as 3MF, and nothing else', () => {
    expect(check('3mf', 'PK\x03\x04')).toBeUndefined()
    for (const text of ['', HTML, '{"message":"not found"}']) {
      expect(() => check('3mf', text)).toThrow('The served 3mf file')
    }
  })
})

describe('extensionOf', () => {
  it.each(['stl', '3mf'] as const)('is %s for the format of that name', (format) => {
    expect(extensionOf(format, Buffer.from('PK\x03\x04'))).toBe(format)
  })

  it('is told by the bytes of a picture', () => {
    expect(extensionOf('picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))).toBe('png')
    expect(extensionOf('picture', Buffer.from('\xff\xd8\xff', 'latin1'))).toBe('jpg')
  })
})
