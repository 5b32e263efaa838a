import { describe, expect, it } from 'vitest'
import { createDebugLog } from '../../src/system/logger.ts'
import { createRedactor } from '../../src/system/redact.ts'

describe('createDebugLog', () => {
  it.each(['unplugin-meshy', 'vite:*,unplugin-meshy', 'a unplugin-meshy*', '*'])(
    'writes redacted lines when DEBUG is %j',
    (DEBUG) => {
      const written: string[] = []
      const log = createDebugLog({
        env: { DEBUG },
        redact: createRedactor(['s3cret']),
        write: (text) => written.push(text),
      })

      log?.('key s3cret at https://a.test/?Signature=x')

      expect(written).toEqual(['unplugin-meshy key [redacted] at https://a.test/\n'])
    },
  )

  it.each([undefined, '', 'unplugin', 'vite:*'])('is undefined when DEBUG is %j', (DEBUG) => {
    const write = () => expect.unreachable('something was written')

    expect(createDebugLog({ env: { DEBUG }, redact: String, write })).toBeUndefined()
  })
})
