import { afterAll, describe } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import { taskApiContract } from './task-api.ts'
import type { Limits } from './task-api.ts'

describe('the emulator', () => {
  const start = emulators({}, { later: true })
  taskApiContract(start, start)
})

describe('the emulator as the reference describes the service', () => {
  const start = emulators({ profile: 'reference' }, { later: false })
  taskApiContract(start, start)
})

const { MESHY_CONTRACT, MESHY_API_KEY = '', MESHY_CONTRACT_SPEND, MESHY_BASE_URL } = process.env

describe.runIf(MESHY_CONTRACT === 'real' && MESHY_API_KEY !== '')(
  'the service',
  { timeout: 20 * 60_000 },
  () => {
    taskApiContract(() =>
      Promise.resolve({
        url: MESHY_BASE_URL ?? 'https://api.meshy.ai',
        apiKey: MESHY_API_KEY,
        spend: MESHY_CONTRACT_SPEND === '1',
        later: true,
      }),
    )
  },
)

function emulators(options: StartOptions, { later }: { later: boolean }) {
  const running: RunningEmulator[] = []
  afterAll(() => Promise.all(running.map((emulator) => emulator.close())))
  return async (limits: Limits = {}) => {
    const emulator = await startEmulator({
      models: 'card',
      // A task must not be done before the next one is refused.
      taskMs: limits.slots === undefined ? 60 : 60_000,
      requestsPerSecond: 1000,
      ...options,
      ...limits,
    })
    running.push(emulator)
    return { url: emulator.url, apiKey: emulator.apiKey, spend: true, later }
  }
}
