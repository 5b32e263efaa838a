import { onTestFinished } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator.ts'
import type { Clock } from '../../src/system/clock.ts'
import { IMAGE_URL, MULTI, SINGLE } from './harness.ts'

/** Time that moves only when told to. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1)
  readonly #sleepers: { at: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(signal?.reason)
      signal?.addEventListener('abort', leave)
      const wake = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      this.#sleepers.push({ at: this.#now + ms, wake })
    })
  }

  advance(ms: number): void {
    this.#now += ms
    for (const sleeper of this.#sleepers.filter(({ at }) => at <= this.#now)) sleeper.wake()
  }
}

/** An emulator within the process, on a clock of its own, and short names for what tests do with it. */
export function inTime(options: EmulatorOptions = {}) {
  const clock = new ManualClock()
  const emulator = createEmulator({
    clock,
    taskMs: 1000,
    pendingMs: 100,
    requestsPerSecond: 10_000,
    models: 'card',
    ...options,
  })
  const call = (method: string, path: string, body?: unknown) => send(emulator, method, path, body)
  onTestFinished(() => emulator.close())
  return {
    clock,
    emulator,
    call,
    json: async (method: string, path: string, body?: unknown) => (await call(method, path, body)).json(),
    create: async (body: object = {}, path = SINGLE): Promise<string> => {
      const pictures = path === MULTI ? { image_urls: [IMAGE_URL] } : { image_url: IMAGE_URL }
      return (await (await call('POST', path, { ...pictures, ...body })).json()).result
    },
  }
}

function send(emulator: Emulator, method: string, path: string, body: unknown): Promise<Response> {
  return emulator.fetch(`https://api.meshy.ai${path}`, {
    method,
    headers: { authorization: `Bearer ${emulator.apiKey}` },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}
