import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { currentProcess, livenessOf } from '../../src/system/process.ts'

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
