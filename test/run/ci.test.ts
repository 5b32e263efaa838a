import { describe, expect, it } from 'vitest'
import { isCi } from '../../src/run/ci.ts'
import { CI_SERVICES } from '../support/ci-services.ts'

describe('isCi', () => {
  it.each(Object.entries(CI_SERVICES))('knows %s by its own variables', (_, env) => {
    expect(isCi(env)).toBe(true)
  })

  it.each(['false', 'FALSE', '0', 'no', 'off'])('believes CI=%s on any service', (CI) => {
    const answers = Object.values(CI_SERVICES).map((env) => isCi({ ...env, CI }))

    expect(answers.filter(Boolean)).toEqual([])
  })

  it.each(['true', '1', 'woodpecker'])('believes CI=%s anywhere', (CI) => {
    expect(isCi({ CI })).toBe(true)
  })

  it('is not so on a machine of somebody', () => {
    expect(isCi({ PATH: '/bin', HOME: '/home/me', NODE: '/usr/bin/node', CI: '', TERM: 'xterm' })).toBe(false)
  })

  it('needs every variable of a service that others share in part', () => {
    expect(isCi({ JENKINS_URL: 'https://ci.test' })).toBe(false)
  })
})
