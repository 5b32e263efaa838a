import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../../src/system/errors.ts'
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

  it('shows no password of an address that it refuses', () => {
    try {
      parse('https://ci:s3cret@cache.example.com/x', {}, 'config')
    } catch (error) {
      expect(isMeshyError(error) && `${error.message} ${error.hint}`).not.toContain('s3cret')
    }
    expect.assertions(1)
  })
})
