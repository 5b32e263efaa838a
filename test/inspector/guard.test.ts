import { describe, expect, it } from 'vitest'
import { lockOf } from '../../src/inspector/guard.ts'
import { inspectAt, inspectDev, loadModules, outward, pressButton } from './inspected.ts'

describe('lockOf', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('lets %s spend', (remoteAddress) => {
    expect(lockOf({ socket: { remoteAddress, localPort: 5173 } })).toBeUndefined()
  })

  it.each([
    '192.0.2.7',
    '10.127.0.0',
    '128.127.0.1',
    '::ffff:192.0.2.7',
    '2001:db8::1',
    'fe80::1%eth0',
    '::ffff:127.0.0.1.evil',
    'localhost.evil',
    undefined,
  ])('locks %s out, and says where to go', (remoteAddress) => {
    expect(lockOf({ socket: { remoteAddress, localPort: 5173 } })).toMatchObject({
      code: 'MESHY_INSPECTOR_REMOTE',
      hint: expect.stringContaining('`localhost:5173`'),
    })
  })
})

describe('a server that is open to the network', () => {
  it.runIf(outward)('shows its models to other machines, and lets nothing be spent from there', async () => {
    const here = await inspectDev({ server: { host: '0.0.0.0', allowedHosts: true } })
    await loadModules(here, '/main.js')
    const there = inspectAt(here.url.replace('127.0.0.1', outward ?? ''), here)
    const { models, locked } = await there.inspection()
    const keys = models.map(({ id }) => id)
    const token = await here.token()
    const headers = { origin: there.url, 'x-meshy-token': token, 'content-type': 'application/json' }

    expect(models).toMatchObject([{ image: 'hero.png', isAsked: true }])
    expect(locked).toContain(`\`${outward}\``)
    expect(await there.token()).toBe('')
    for (const action of ['generate', 'retry'])
      // Even with the token, and with what a proxy says of its visitors.
      for (const more of [{}, { 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }]) {
        const body = JSON.stringify({ keys })
        const answer = await there.ask(action, { method: 'POST', headers: { ...headers, ...more }, body })
        expect(answer).toMatchObject({
          status: 403,
          body: expect.stringContaining('[MESHY_INSPECTOR_REMOTE]'),
        })
      }
    expect(here.emulator.counts.posts).toBe(0)
    expect((await here.inspection()).locked).toBeUndefined()
    expect(JSON.parse((await pressButton(here, 'generate', keys)).body)).toEqual({ keys })
  })
})
