import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { assertStillMade } from '../../src/request/models.ts'
import { coded, makeFolder, makePng, requestOf } from './fixtures.ts'

describe('assertStillMade', () => {
  it.each([
    ['model_type=lowpoly', 'model_type=smart-topology'],
    ['model=meshy-t1', 'model_type=smart-topology'],
    ['model=meshy-t1&model_type=smart-topology', 'model=meshy-t2.5'],
  ])('refuses %s, and names %s', async (query, instead) => {
    const folder = await makeFolder({ 'hero.png': makePng() })
    const request = await requestOf(path.join(folder, 'hero.png'), `meshy&${query}`)

    expect(() => assertStillMade(request)).toThrow(
      coded('MESHY_DIRECTIVE_INVALID', { message: expect.stringContaining(instead) }),
    )
  })
})
