import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { looksFrontal } from '../../../src/stand-in/mesher/back.ts'
import { readView } from '../../../src/stand-in/mesher/view.ts'
import { emoji, type Emoji } from './pictures.ts'

describe('looksFrontal', () => {
  it.each<[Emoji, boolean]>([
    ['face', true],
    ['teddy', true],
    ['pig', false],
    ['car', false],
    ['teapot', false],
    ['bicycle', false],
    ['backpack', false],
  ])('is for %s: %s', async (name, frontal) => {
    const { shape } = await readView(sharp, await emoji(name))

    expect(looksFrontal(shape)).toBe(frontal)
  })
})
