import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../../src/system/errors.ts'
import { mayHaveCredentials } from '../../../src/store/shared/open-team-store.ts'
import { parseStoreAddress, type WrittenIn } from '../../../src/store/shared/store-address.ts'

const parse = (text: string, env = {}, writtenIn: WrittenIn = 'environment') =>
  parseStoreAddress(text, writtenIn, env)

describe('parseStoreAddress', () => {
  it.each([
    ['s3://models', { bucket: 'models', prefix: '', region: 'us-east-1', endpoint: undefined }],
    ['s3://models/a/b/', { bucket: 'models', prefix: 'a/b' }],
    ['s3://models/a%2Bb?region=eu-west-1', { prefix: 'a+b', region: 'eu-west-1' }],
    ['s3://models?endpoint=https://s3.example.com', { endpoint: new URL('https://s3.example.com') }],
    ['s3://models?endpoint=http://127.0.0.1:9000', { endpoint: new URL('http://127.0.0.1:9000') }],
  ])('reads %s', (text, expected) => {
    expect(parse(text)).toMatchObject({ kind: 's3', ...expected })
  })

  it('takes region and endpoint from the environment when the address has none', () => {
    const env = {
      AWS_ENDPOINT_URL: 'https://a.example',
      AWS_ENDPOINT_URL_S3: 'https://b.example',
      AWS_REGION: 'auto',
    }

    expect(parse('s3://models', env)).toMatchObject({
      endpoint: new URL('https://b.example'),
      region: 'auto',
    })
  })

  it('reads the user of an HTTP store from the environment and shows the address without it', () => {
    expect(parse('https://ci:a%40b@cache.example.com/team/')).toMatchObject({
      kind: 'http',
      url: 'https://cache.example.com/team',
      label: 'https://cache.example.com/team',
      basic: { user: 'ci', password: 'a@b' },
    })
  })

  it.each([
    ['not an address', 'environment'],
    ['ftp://host/x', 'environment'],
    ['http://cache.example.com/x', 'environment'],
    ['https://cache.example.com/x?token=1', 'environment'],
    ['https://ci:secret@cache.example.com/x', 'config'],
    ['s3://UPPER_case/x', 'environment'],
    ['s3://key:secret@models/x', 'environment'],
    ['s3://models?regoin=x', 'environment'],
    ['s3://models?endpoint=http://s3.example.com', 'environment'],
    ['s3://models/%E0%A4%A', 'environment'],
  ] as const)('refuses %s in the %s', (text, writtenIn) => {
    expect(() => parse(text, {}, writtenIn)).toThrow(
      expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }) as Error,
    )
  })

  const named = (address: string) => ({ MESHY_TEAM_STORE: address })

  it.each([
    ['the same address', 'https://ci:s3cret@cache.example.com/team'],
    ['its default port and a slash', 'https://ci:s3cret@CACHE.example.com:443/team/'],
  ])('takes the user from the environment when that gives %s', (_, address) => {
    expect(parse('https://cache.example.com/team', named(address), 'config')).toMatchObject({
      basic: { user: 'ci', password: 's3cret' },
    })
  })

  it.each([
    ['path', 'https://ci:s3cret@cache.example.com/other'],
    ['longer path', 'https://ci:s3cret@cache.example.com/team/a'],
    ['host', 'https://ci:s3cret@cache.example.org/team'],
    ['port', 'https://ci:s3cret@cache.example.com:8443/team'],
    ['scheme', 'http://ci:s3cret@cache.example.com/team'],
    ['kind', 's3://cache.example.com/team'],
  ])('takes no user from an environment that gives another %s', (_, address) => {
    const settings = { writtenIn: 'config', signingKey: undefined } as const
    const given = parse('https://cache.example.com/team', named(address), 'config')

    expect(given).toMatchObject({ basic: undefined })
    expect(mayHaveCredentials({ ...settings, address: given }, named(address))).toBe(false)
  })

  it.each([
    ['https://ci:s3cret@cache.example.com/x', 'config'],
    ['https://ci:s3cret/@cache.example.com/x', 'environment'],
    ['ftp://ci:s3cret@cache.example.com/x', 'environment'],
    ['https://ci:s3cret%zz@cache.example.com/x', 'environment'],
    ['s3://models?endpoint=https://ci:s3cret%2F@s3.example.com', 'environment'],
    ['s3://models?endpoint=https://ci:s3cret@s3.example.com', 'environment'],
  ] as const)('refuses %s in the %s without showing the password', (text, writtenIn) => {
    const refuse = () => parse(text, {}, writtenIn)

    expect(refuse).toThrow(expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }) as Error)
    expect(textOfError(refuse)).not.toContain('s3cret')
  })
})

function textOfError(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isMeshyError(error)) return `${error.message} ${error.hint}`
  }
  throw new Error('It is refused.')
}
