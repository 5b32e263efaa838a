import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { failures } from '../src/system/failures.ts'
import { readSources } from './support/sources.ts'

/** Names that look like codes: what people set in their environment. */
const ENVIRONMENT = [
  'MESHY_API_KEY',
  'MESHY_BASE_URL',
  'MESHY_MODE',
  'MESHY_MAX_CREDITS',
  'MESHY_RUN',
  'MESHY_LAID_OUT',
  'MESHY_MACHINE_STORE',
  'MESHY_MACHINE_STORE_LIMIT',
  'MESHY_TEAM_STORE',
  'MESHY_TEAM_STORE_SIGNING_KEY',
  'MESHY_TEAM_STORE_TOKEN',
]
const LIST = 'system/failures.ts'
const CODE = /\bMESHY(?:_[A-Z]+)+\b/g

const codes = Object.keys(failures)

describe('failures', () => {
  it('is sorted by code', () => {
    expect(codes).toEqual([...codes].sort())
  })

  it('holds only codes that src uses', async () => {
    const sources = await readSources()
    const said = new Set(sources.filter(({ file }) => file !== LIST).flatMap(({ text }) => codesIn(text)))

    expect(codes.filter((code) => !said.has(code))).toEqual([])
  })

  it('holds every code that src says', async () => {
    const known = new Set([...codes, ...ENVIRONMENT])
    const strays = (await readSources()).flatMap(({ file, text }) =>
      codesIn(text)
        .filter((code) => !known.has(code))
        .map((code) => `${file}: ${code}`),
    )

    expect(strays).toEqual([])
  })

  it('has one heading in docs/errors.md for each code, and no other', async () => {
    const document = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8')
    const headings = document.split('\n').filter((line) => line.startsWith('#'))

    expect(headings.flatMap(codesIn)).toEqual(codes)
  })
})

function codesIn(text: string): string[] {
  return text.match(CODE) ?? []
}
