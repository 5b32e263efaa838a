import { describe, expect, it } from 'vitest'
import { readSharedEntry, writeSharedEntry } from '../../../src/store/shared/shared-entry.ts'
import { keyOf, refTo, sampleEntry } from '../samples.ts'

const entry = sampleEntry()
const read = (text: string, signingKey?: string) =>
  readSharedEntry(text, { key: entry.key, keyOf, signingKey })

function changed(text: string, change: (record: { entry: Record<string, unknown> }) => void): string {
  const record = JSON.parse(text) as { entry: Record<string, unknown> }
  change(record)
  return JSON.stringify(record)
}

describe('readSharedEntry', () => {
  it('reads what was written, signed or not', () => {
    expect(read(writeSharedEntry(entry, undefined))).toEqual(entry)
    expect(read(writeSharedEntry(entry, 'secret'), 'secret')).toEqual(entry)
    expect(read(writeSharedEntry(entry, 'secret'))).toMatchObject(entry)
  })

  it('takes a signed record whose names stand in another order', () => {
    const text = writeSharedEntry(entry, 'secret')
    const other = changed(text, (record) => {
      record.entry = Object.fromEntries(Object.entries(record.entry).toReversed())
    })

    expect(read(other, 'secret')).toMatchObject({ files: entry.files })
  })

  it.each([
    ['is not signed', writeSharedEntry(entry, undefined)],
    ['has a wrong signature', writeSharedEntry(entry, 'another')],
    [
      'has a wrong signature',
      changed(writeSharedEntry(entry, 'secret'), (record) => {
        record.entry['files'] = { glb: refTo('another model') }
      }),
    ],
    ['is of another request', writeSharedEntry(sampleEntry(2), 'secret')],
    [
      'is of another request',
      changed(writeSharedEntry(entry, 'secret'), (record) => {
        record.entry['request'] = sampleEntry(2).request
      }),
    ],
    ['is not a record', '<html>'],
    ['is not a record', '{"version":1}'],
    ['is not a record', 'null'],
  ])('%s: refused', (refusal, text) => {
    expect(read(text, 'secret')).toBe(refusal)
  })
})
