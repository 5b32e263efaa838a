import { onTestFinished } from 'vitest'
import './equal-bytes.ts'
import { startEmulator, type RunningEmulator, type StartOptions } from '../../src/emulator.ts'

/** What {@link startService} registers its end with: that of the test context where tests run side by side. */
export type OnFinished = (end: () => Promise<void>) => void

/** The emulated service for one test: fast, with small models, and without limits of its own. */
export async function startService(
  options: StartOptions = {},
  onFinished: OnFinished = onTestFinished,
): Promise<RunningEmulator> {
  const emulator = await startEmulator({
    taskMs: 60,
    pendingMs: 5,
    requestsPerSecond: 10_000,
    models: 'card',
    ...options,
  })
  onFinished(() => emulator.close())
  return emulator
}

/** The bytes of the model of the only task, as the service has them. */
export async function servedModel(emulator: RunningEmulator): Promise<Buffer> {
  const [task] = emulator.tasks()
  const { glb } = (task?.['model_urls'] ?? {}) as { glb?: string }
  const answer = await emulator.fetch(glb ?? 'about:blank')
  return Buffer.from(await answer.arrayBuffer())
}
