import { describe, expect, it } from 'vitest'
import type { Loaded } from '../../src/bundlers/adapter.ts'
import { Overlay, type TalkingServer } from '../../src/bundlers/vite-overlay.ts'
import type { Asset } from '../../src/run/asset.ts'

type Listener = Parameters<TalkingServer['environments']['client']['hot']['on']>[1]

/** An overlay, and a page that asks by the code that it got. What it is told is on `messages`. */
function setUp(isImported: (id: string) => boolean) {
  const listeners: Listener[] = []
  const hot = { on: (_: string, listener: Listener) => void listeners.push(listener) }
  const overlay = new Overlay({ environments: { client: { hot } } }, isImported)
  const messages: string[] = []
  const page = { send: (payload: object) => void messages.push((payload as Sent).err.message) }
  const load = (id: string, failure: Error) => {
    const asset = { failure } as unknown as Asset
    const code = overlay.codeFor({ id, asset } as Loaded, '/')
    const [, reason] = /reason: "([^"]+)"/.exec(code ?? '') ?? []
    for (const listener of listeners) listener({ reason }, page)
  }
  return { load, messages }
}

interface Sent {
  err: { message: string }
}

describe('Overlay', () => {
  it('tells a page that asks also of a module that no other imports', () => {
    const { load, messages } = setUp(() => false)

    load('hero', new Error('No hero.'))

    expect(messages).toEqual(['No hero.'])
  })

  it('tells with it what else is wrong, and not of an import that is gone', () => {
    const { load, messages } = setUp((id) => id !== 'gone')

    load('villain', new Error('No villain.'))
    load('gone', new Error('Nothing.'))
    load('hero', new Error('No hero.'))

    expect(messages.at(-1)).toBe('No hero.\n\nNo villain.')
  })
})
