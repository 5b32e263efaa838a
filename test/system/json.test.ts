import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findDuplicateName, formatJson } from '../../src/system/json.ts'

describe('formatJson', () => {
  it('gives each field a line, and a list of plain values one', () => {
    const text = formatJson({
      a: { b: [1, 'two', null, true] },
      c: [],
      d: {},
      e: [{ f: 1 }, []],
      g: undefined,
    })

    expect(text).toBe(`{
  "a": {
    "b": [1, "two", null, true]
  },
  "c": [],
  "d": {},
  "e": [
    {
      "f": 1
    },
    []
  ]
}`)
  })

  it('is JSON of the same value, without a repeated name', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = formatJson(value)

        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value))
        expect(findDuplicateName(text)).toBeUndefined()
      }),
    )
  })
})

describe('findDuplicateName', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"x":{"a":1},"y":[{"b":{},"b":[]}]}', 'b'],
    [String.raw`{"a":1,"\u0061":2}`, 'a'],
    [String.raw`{"\"":1,"\"":2}`, '"'],
    ['{"a":"b","b":"a"}', undefined],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"a":{"a":{"a":["a","a"]}}}', undefined],
    [String.raw`{"a":"\",\"a\":","b":"{\"b\":1"}`, undefined],
  ])('finds in %s: %s', (json, name) => {
    expect(findDuplicateName(json)).toBe(name)
  })
})
