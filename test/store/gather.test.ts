import { describe, expect, it } from 'vitest'
import { gather } from '../../src/store/blobs.ts'

async function gathered(texts: string[], bytes: number): Promise<string[]> {
  const pieces: string[] = []
  for await (const piece of gather(texts.map(Buffer.from), Buffer.alloc(bytes)))
    pieces.push(Buffer.from(piece).toString())
  return pieces
}

describe('gather', () => {
  it.each([
    [[], []],
    [['ab'], ['ab']],
    [
      ['ab', 'c', '', 'def'],
      ['abcd', 'ef'],
    ],
    [['abcdefghij'], ['abcd', 'efgh', 'ij']],
    [['abcd'], ['abcd']],
  ])('makes of %j the pieces %j', async (texts, expected) => {
    expect(await gathered(texts, 4)).toEqual(expected)
  })
})
