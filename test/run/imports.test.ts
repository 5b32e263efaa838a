import { describe, expect, it } from 'vitest'
import { isMeshySpecifier } from '../../src/request/parse.ts'
import { Imports } from '../../src/run/imports.ts'
import { createHasher } from '../../src/request/fingerprint.ts'

const hasher = await createHasher()
const at = (line: number) => ({ file: '/app/hero.png', site: async () => ({ file: 'main.ts', line }) })

describe('isMeshySpecifier', () => {
  it.each([
    ['./hero.png?meshy', true],
    ['./hero.png?poly=100&meshy', true],
    ['./knight.meshy.json?meshy', true],
    ['./hero.png', false],
    ['./hero.png?url', false],
    ['./hero.png?meshyish', false],
    ['./meshy.png?url', false],
  ])('takes %s as %s', (specifier, ours) => {
    expect(isMeshySpecifier(specifier)).toBe(ours)
  })
})

describe('Imports', () => {
  it('gives one id to imports that say the same', () => {
    const imports = new Imports(hasher)
    const same = [
      '?meshy&pbr&poly=20000',
      '?poly=20000&pbr=true&meshy',
      '?enable_pbr=1&meshy&target_polycount=20000',
    ]

    expect(new Set(same.map((query) => imports.add(`./hero.png${query}`, at(1)))).size).toBe(1)
  })

  it('shows neither a prompt nor a percent sign in an id', () => {
    const id = new Imports(hasher).add('./hero.png?meshy&prompt=100%25%20gold%20%26%20%C3%A4', at(1))

    expect(id).toMatch(/^\/app\/hero\.png\?meshy=[0-9a-f]{16}$/)
  })

  it('finds an import by its id, with its own directives, whatever a bundler adds', async () => {
    const imports = new Imports(hasher)
    const id = imports.add('./hero.png?meshy&poly=500', at(7))

    const found = imports.find(id.replace('?', '?import&') + '&t=123')

    expect(found).toMatchObject({ file: '/app/hero.png', directives: { poly: expect.anything() } })
    expect(await found?.site()).toEqual({ file: 'main.ts', line: 7 })
  })

  it('takes an id of its own as a specifier', () => {
    const imports = new Imports(hasher)
    const id = imports.add('./hero.png?meshy&poly=500', at(1))

    expect(imports.add(id, at(2))).toBe(id)
  })

  it('keeps the error of a query for when its module is loaded', () => {
    const imports = new Imports(hasher)
    const id = imports.add('./hero.png?meshy&polly=5', at(1))

    expect(imports.find(id)?.directives).toMatchObject({ error: { code: 'MESHY_DIRECTIVE_UNKNOWN' } })
  })

  it('does not know ids of another run', () => {
    expect(new Imports(hasher).find('/app/hero.png?meshy=0123456789abcdef')).toBeUndefined()
  })
})
