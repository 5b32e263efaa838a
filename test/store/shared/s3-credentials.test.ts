import { describe, expect, it } from 'vitest'
import { createCredentials } from '../../../src/store/shared/s3-credentials.ts'

/** Credentials of a profile, whose chain does this. */
function ofProfile(provide: () => Promise<never>) {
  const told: string[] = []
  const credentials = createCredentials(
    { AWS_PROFILE: 'games' },
    {
      now: Date.now,
      warn: (text) => told.push(text),
      load: async () => ({ fromNodeProviderChain: () => provide }),
    },
  )
  return { told, credentials }
}

describe('credentials of a profile', () => {
  it('are none where nobody is logged in any more, which is said once', async () => {
    const { told, credentials } = ofProfile(() => {
      throw Object.assign(new Error('Token is expired'), { name: 'CredentialsProviderError' })
    })

    expect([await credentials(), await credentials()]).toEqual([undefined, undefined])
    expect(told).toEqual(['AWS_PROFILE is set, but it gives no credentials (Token is expired)'])
  })

  it('are a fault of the store where whoever gives them cannot be asked', async () => {
    const { credentials } = ofProfile(() => Promise.reject(new TypeError('fetch failed')))

    await expect(credentials()).rejects.toMatchObject({ name: 'Fault', kind: 'refused' })
  })
})
