import { describe, expect, it } from 'vitest'
import { MODES } from '../../src/finding/modes.ts'
import { Permission } from '../../src/finding/permission.ts'
import { readSources } from '../support/sources.ts'

const KEY = '0123456789abcdef'

describe('Permission', () => {
  it('is given by the mode `generate` alone', () => {
    const giving = MODES.filter((mode) => Permission.ofMode(mode, KEY) !== undefined)

    expect(giving).toEqual(['generate'])
  })

  it('holds for its key and for no other one', () => {
    const permission = Permission.ofYes(KEY)

    expect(() => permission.assertCovers(KEY)).not.toThrow()
    expect(() => permission.assertCovers('f'.repeat(16))).toThrow(
      expect.objectContaining({ code: 'MESHY_PERMISSION_MISSING' }),
    )
  })

  it('is made of a yes in one place, where people say it', async () => {
    const places = (await readSources()).filter(({ text }) => text.includes('Permission.ofYes('))

    expect(places.map(({ file }) => file)).toEqual(['run/live/asking.ts'])
  })

  it('cannot be made by hand', () => {
    // @ts-expect-error -- its constructor is its own
    expect(new Permission(KEY)).toBeInstanceOf(Permission)
  })
})
