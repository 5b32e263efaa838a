import { describe, expect, it } from 'vitest'
import { assertBaseUrl } from '../../src/system/host.ts'

describe('assertBaseUrl', () => {
  it.each([
    ['https://api.meshy.ai', 'https://api.meshy.ai'],
    ['https://api.meshy.ai/', 'https://api.meshy.ai'],
    ['https://gateway.test:8443/meshy//', 'https://gateway.test:8443/meshy'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://127.1:3000', 'http://127.0.0.1:3000'],
    ['http://localhost:3000/x', 'http://localhost:3000/x'],
    ['http://meshy.localhost', 'http://meshy.localhost'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('accepts %j', (value, url) => {
    expect(assertBaseUrl(value)).toBe(url)
  })

  it.each([
    'http://api.meshy.ai',
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
    'http://notlocalhost',
    'http://192.168.0.1',
    'http://0.0.0.0',
    'ftp://localhost',
    'file:///x',
    'javascript:alert(1)',
    'api.meshy.ai',
    'https://user:w0rd@api.meshy.ai',
    'https://api.meshy.ai?key=w0rd',
    'https://api.meshy.ai#w0rd',
    '',
  ])('rejects %j', (value) => {
    expect(() => assertBaseUrl(value)).toThrow(expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }))
    expect(() => assertBaseUrl(value)).not.toThrow(/w0rd/)
  })
})
