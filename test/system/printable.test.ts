import { describe, expect, it } from 'vitest'
import { formatError, MeshyError } from '../../src/system/errors.ts'
import { printable, printableField } from '../../src/system/redact.ts'

const HOSTILE = 'a\u001b[2J\u001b]0;x\u0007b\u009bc\u202ed\u2066e\u007f\rf'
const SPELLED = String.raw`a\u001b[2J\u001b]0;x\u0007b\u009bc\u202ed\u2066e\u007f\u000df`

describe('printable', () => {
  it('spells out what a terminal or a page would obey', () => {
    expect(printable(HOSTILE)).toBe(SPELLED)
  })

  it('leaves lines, tabs, and the scripts of all languages alone', () => {
    const text = 'one\n\ttwo\r\nمرحبا שלום 日本語 👩‍🚀 é'

    expect(printable(text)).toBe(text)
  })

  it('leaves JSON with the same content', () => {
    const json = printable(JSON.stringify({ name: HOSTILE }))

    expect(json).toContain(String.raw`\u009bc\u202ed`)
    expect(JSON.parse(json)).toEqual({ name: HOSTILE })
  })

  it('spells out every text of a value', () => {
    expect(JSON.parse(JSON.stringify({ a: [{ b: HOSTILE }], c: 1 }, printableField))).toEqual({
      a: [{ b: SPELLED }],
      c: 1,
    })
  })
})

describe('MeshyError', () => {
  it('never holds what a terminal would obey, wherever it comes from', () => {
    const site = { file: `src/${HOSTILE}.ts`, line: 3, image: `${HOSTILE}.png` }
    const error = new MeshyError('MESHY_TASK_FAILED', { message: `No: ${HOSTILE}`, hint: HOSTILE, site })

    expect(error.message).toBe(`No: ${SPELLED}`)
    expect(formatError(error)).toBe(
      `src/${SPELLED}.ts:3: ${SPELLED}.png: No: ${SPELLED}\n  ${SPELLED} [MESHY_TASK_FAILED]`,
    )
  })
})
