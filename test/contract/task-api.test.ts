import { afterAll, describe } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import { taskApiContract } from './task-api.ts'

describe('the emulator', () => {
  taskApiContract(emulatorTarget({}, { later: true }))
})

describe('the emulator as the reference describes the service', () => {
  taskApiContract(emulatorTarget({ profile: 'reference' }, { later: false }))
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

function emulatorTarget(options: StartOptions, { later }: { later: boolean }) {
  const running: RunningEmulator[] = []
  afterAll(() => Promise.all(running.map((emulator) => emulator.close())))
  return async () => {
    const emulator = await startEmulator({ taskMs: 60, requestsPerSecond: 1000, ...options })
    running.push(emulator)
    return { url: emulator.url, apiKey: emulator.apiKey, spend: true, later }
  }
}
