import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, redactError, stripQuery } from '../../src/system/redact.ts'

const KEY = 'secret "key"/+=ü??>>~~'

describe('createRedactor', () => {
  it.each([
    ['as it is', KEY],
    ['in a header', `Bearer ${KEY}`],
    ['in JSON', JSON.stringify({ authorization: KEY })],
    ['in a URL', `https://a.test/${encodeURIComponent(KEY)}`],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64url', Buffer.from(KEY).toString('base64url')],
  ])('takes out a secret %s', (_, text) => {
    expect(createRedactor([KEY])(`before ${text} after`)).toMatch(/^before .*\[redacted\].* after$/)
  })

  it('takes out keys of the service that it was not told of', () => {
    expect(createRedactor([])('Invalid API key msy_AbC-123_xyz.')).toBe('Invalid API key [redacted].')
  })

  it('takes out the longer of two secrets when one is part of the other', () => {
    expect(createRedactor(['abcd', 'abcdefgh'])('abcdefgh abcd')).toBe('[redacted] [redacted]')
  })

  it('leaves texts alone when there is no secret, or none worth the name', () => {
    expect(createRedactor([undefined, '', 'a'])('a banana')).toBe('a banana')
  })

  it('lets no secret through, whatever surrounds it', () => {
    const secret = fc.string({ minLength: 12 }).filter((text) => !'[redacted]'.includes(text))
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
        expect(createRedactor([key])(before + key + after)).not.toContain(key)
      }),
    )
  })
})

describe('stripQuery', () => {
  it.each([
    ['https://a.test/m.glb?Expires=1&Signature=x', 'https://a.test/m.glb'],
    ['see (https://a.test/m.glb?Signature=x) here', 'see (https://a.test/m.glb here'],
    ['"https://a.test/m.glb?a=1","b"', '"https://a.test/m.glb","b"'],
    ['https://a.test/docs#code', 'https://a.test/docs#code'],
    ['http://user:word@a.test/x', 'http://a.test/x'],
    ['https://a.test/m.glb?a=1#b', 'https://a.test/m.glb'],
    ['http://user:word@a.test/x?y=1 http://b.test?z', 'http://a.test/x http://b.test'],
    ['https://a.test/m.glb', 'https://a.test/m.glb'],
    ['really? yes', 'really? yes'],
    ['http://http://user:word@a.test/x', 'http://http://a.test/x'],
    ['https://a.test/#part?Signature=x', 'https://a.test/#part'],
    ['xhttps://a.test/m.glb?Signature=x', 'xhttps://a.test/m.glb'],
  ])('makes %j to %j', (text, stripped) => {
    expect(stripQuery(text)).toBe(stripped)
  })
})

describe('a text of half a megabyte', () => {
  // Where a pattern looks at the rest of the text from each place, these take minutes.
  it.each([
    ['http://'],
    ['https://a@'],
    ['http://?'],
    ['msy_'],
    ['msy_a'],
    ['"https://a.test/x?y=1" '],
    ['@'],
    ['/?#'],
  ])('of %j is redacted all the same', (part) => {
    const text = part.repeat(500_000 / part.length)

    expect(createRedactor([KEY])(text).length).toBeLessThanOrEqual(text.length + 20)
  })
})

describe('redactError', () => {
  it('keeps name and code, and takes secrets out of message, stack and causes', () => {
    const cause = Object.assign(new Error(`read ${KEY}`), { code: 'ECONNRESET' })
    const error = redactError(new TypeError(`fetch of ${KEY}`, { cause }), createRedactor([KEY]))

    expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ECONNRESET' } })
    expect(`${error.stack} ${error.message} ${(error.cause as Error).stack}`).not.toContain(KEY)
  })

  it('makes an error of what is none', () => {
    expect(redactError('boom', createRedactor([])).message).toBe('boom')
  })
})
