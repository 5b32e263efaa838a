import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { currentProcess, hostOf, livenessOf, type HostFacts } from '../../src/system/process.ts'

describe('livenessOf', () => {
  it('is alive when it is this process', () => {
    expect(livenessOf(currentProcess())).toBe(process.platform === 'linux' ? 'alive' : 'unknown')
  })

  it('is gone when the process has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')

    expect(livenessOf({ ...currentProcess(), pid: child.pid ?? 0 })).toBe('gone')
  })

  it.skipIf(process.platform !== 'linux')('is gone when the pid was given to another process', () => {
    expect(livenessOf({ ...currentProcess(), born: '1' })).toBe('gone')
  })

  it('is unknown when the process counts in another space of pids', () => {
    expect(livenessOf({ ...currentProcess(), host: 'elsewhere' })).toBe('unknown')
  })

  it('is unknown when the birth of a process that lives was not known', () => {
    expect(livenessOf({ ...currentProcess(), born: null })).toBe('unknown')
  })
})

describe('hostOf', () => {
  const card = (mac: string) => ({ en0: [{ mac, internal: false }] }) as unknown as HostFacts['networks']
  const mac = { boot: undefined, space: undefined, name: 'MacBook-Pro.local' }

  it('tells machines of one name apart where the system tells of no boot', () => {
    const [one, other] = ['a4:83:e7:00:00:01', 'a4:83:e7:00:00:02'].map((address) =>
      hostOf({ ...mac, networks: card(address) }),
    )

    expect(one).not.toBe(other)
    expect(hostOf({ ...mac, networks: card('a4:83:e7:00:00:01') })).toBe(one)
    expect(one).toMatch(/^MacBook-Pro\.local [0-9a-f]{16}$/)
  })

  it('is the boot and the space of pids where there are both', () => {
    expect(hostOf({ boot: 'b', space: 'pid:[1]', name: 'n', networks: card('a4:83:e7:00:00:01') })).toBe(
      'b pid:[1]',
    )
  })
})
