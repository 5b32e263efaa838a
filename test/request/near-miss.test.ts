import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { coded, makeFolder, makePng, requestOf } from './fixtures.ts'

describe('an image that does not exist', () => {
  it.each([
    ['Hero.png', 'hero.png', '`Hero.png`'],
    ['crate #1.png', 'crate ', '`#`'],
    ['h\u00e9ros.png', 'he\u0301ros.png', 'accents'],
    ['knight.png', 'hero.png', 'Fix the path'],
  ])('is told with what is there: %s for %s', async (there, asked, text) => {
    const folder = await makeFolder({ [there]: makePng() })

    await expect(requestOf(path.join(folder, asked), 'meshy')).rejects.toThrow(
      coded('MESHY_IMAGE_NOT_FOUND', { hint: expect.stringContaining(text) }),
    )
  })
})
