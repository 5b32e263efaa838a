import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'
import { createHasher, directiveToken } from '../../src/request/fingerprint.ts'
import { directiveSpellings, type Directives } from '../../src/request/directives.ts'
import { isOnItsSide, readImageFormat } from '../../src/request/image-format.ts'
import { hasTransparency } from '../../src/request/png.ts'
import { isMeshySpecifier, parseSpecifier, parseDirectiveObject } from '../../src/request/parse.ts'
import { parseRecipe } from '../../src/request/recipe.ts'
import { resolveDirectives } from '../../src/request/resolve.ts'
import { compatibleItems } from './arbitraries.ts'
import { makePng, queryOf } from './fixtures.ts'

const VALUES = [
  '',
  '1',
  'off',
  '500',
  '30000',
  'a',
  'quad',
  '4k',
  '100%',
  '%ff',
  '%41',
  '+',
  '#',
  '?',
  ',',
  'a,b',
  '__proto__',
]

describe('parseSpecifier', () => {
  it('reads or refuses any query, and breaks over none', () => {
    fc.assert(
      fc.property(anyQuery(), (query) => {
        const specifier = `./a.png?${query}`
        isMeshySpecifier(specifier)
        const parsed = orRefusal(() => parseSpecifier(specifier))
        if (parsed?.directives)
          orRefusal(() => resolveDirectives({ file: '/a.png', query: parsed.directives as Directives }))
      }),
      { numRuns: 10_000 },
    )
  })

  it('brings any prompt through, encoded or as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (prompt) => {
        expect(queryOf(`meshy&prompt=${encodeURIComponent(prompt)}`)).toEqual({ prompt })
        if (!/[&#%]/.test(prompt)) expect(queryOf(`meshy&prompt=${prompt}`)).toEqual({ prompt })
      }),
      { numRuns: 3000 },
    )
  })

  it('reads again, as JSON, what it read from a query', () => {
    fc.assert(
      fc.property(compatibleItems(), (items) => {
        const directives = queryOf(items.map(({ spellings }) => spellings[0]).join('&'))

        expect(parseDirectiveObject(JSON.parse(JSON.stringify(directives)), 'the test')).toEqual(directives)
      }),
    )
  })
})

describe('parseDirectiveObject', () => {
  it('reads or refuses any object, and breaks over none', () => {
    const key = fc.oneof(fc.constantFrom(...directiveSpellings), fc.string())
    const value = fc.oneof(
      fc.constantFrom<unknown>(...VALUES, true, false, 500, ['a.png'], null),
      fc.anything(),
    )

    fc.assert(
      fc.property(fc.oneof(fc.dictionary(key, value), fc.anything()), (object) => {
        const directives = orRefusal(() => parseDirectiveObject(object, 'the test'))
        if (directives) orRefusal(() => resolveDirectives({ file: '/a.png', query: directives }))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('parseRecipe', () => {
  it('reads or refuses any text, and breaks over none', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((image) => JSON.stringify({ image })),
    )

    fc.assert(
      fc.property(text, (text) => {
        orRefusal(() => parseRecipe(text, '/art/knight.meshy.json'))
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('readImageFormat', () => {
  it('reads or refuses any bytes, and breaks over none', () => {
    const starts = [
      makePng(3),
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xda, 0, 2, 7, 0xff, 0xd9]),
    ]
    const damaged = fc
      .tuple(
        fc.constantFrom(...starts),
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
        fc.nat(90),
      )
      .map(([bytes, changes, length]) => {
        const copy = Buffer.from(bytes)
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value
        return copy.subarray(0, length)
      })

    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 }).map(Buffer.from)), (bytes) => {
        const format = readImageFormat(bytes)
        if ('problem' in format) return
        if (format.mime === 'image/png') hasTransparency(bytes)
        isOnItsSide(bytes)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('directiveToken', () => {
  it('is the same for the same directives, whatever their order, and differs otherwise', async () => {
    const hasher = await createHasher()
    const seen = new Map<string, string>()

    fc.assert(
      fc.property(compatibleItems(), (items) => {
        const directives = queryOf(items.map(({ spellings }) => spellings[0]).join('&'))
        const rewritten = queryOf(
          items
            .toReversed()
            .map(({ spellings }) => spellings.at(-1))
            .join('&'),
        )
        const token = directiveToken(directives, hasher)
        const text = JSON.stringify(Object.entries(directives).sort(([a], [b]) => (a < b ? -1 : 1)))

        expect(token).toMatch(/^[0-9a-f]{16}$/)
        expect(directiveToken(rewritten, hasher)).toBe(token)
        expect(seen.get(token) ?? text).toBe(text)
        seen.set(token, text)
        expect(parseSpecifier(`/a.png?meshy=${token}`)).toEqual({ path: '/a.png', token })
      }),
      { numRuns: 2000 },
    )
  })

  it('tells a default that is spelled out from one that is not, and views by their order', async () => {
    const hasher = await createHasher()
    const tokens = [{}, { pbr: false }, { pbr: true }, { views: ['a', 'b'] }, { views: ['b', 'a'] }].map(
      (directives) => directiveToken(directives, hasher),
    )

    expect(new Set(tokens).size).toBe(tokens.length)
  })
})

function anyQuery(): fc.Arbitrary<string> {
  const key = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...directiveSpellings) },
    { weight: 1, arbitrary: fc.constantFrom(...directiveSpellings).map((name) => `no-${name}`) },
    { weight: 1, arbitrary: fc.constantFrom('t', 'v', 'import', '__proto__', 'toString', '%6deshy') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary' }))
  const item = fc
    .tuple(key, fc.option(value))
    .map(([name, value]) => (value === null ? name : `${name}=${value}`))
  return fc.array(item, { maxLength: 8 }).map((items) => ['meshy', ...items].join('&'))
}

/** What `read` gives; `undefined` when it refuses as it should. */
function orRefusal<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!isMeshyError(error)) throw error
    expect(error.code).toMatch(/^MESHY_(DIRECTIVE|RECIPE)_/)
    expect(error.hint).not.toBe('')
    return undefined
  }
}
