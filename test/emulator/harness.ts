import { onTestFinished } from 'vitest'
import { startEmulator, type RunningEmulator, type StartOptions } from '../../src/emulator.ts'
import { makePng, toDataUri } from '../glb/pictures.ts'

/** A picture that every task here can use. */
export const PICTURE = makePng(4, 2)
export const IMAGE_URL = toDataUri(PICTURE)

export const SINGLE = '/openapi/v1/image-to-3d'
export const MULTI = '/openapi/v1/multi-image-to-3d'

/** An emulator for one test. It runs fast, and its rate is out of the way. */
export async function emulate(options: StartOptions = {}): Promise<RunningEmulator> {
  const emulator = await startEmulator({
    taskMs: 40,
    pendingMs: 5,
    requestsPerSecond: 10_000,
    models: 'card',
    ...options,
  })
  onTestFinished(() => emulator.close())
  return emulator
}

/** Calls the API with its key. */
export function call(
  emulator: RunningEmulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${emulator.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${emulator.apiKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** Creates a task and returns its id. */
export async function create(emulator: RunningEmulator, body: object = {}, path = SINGLE): Promise<string> {
  const picture = path === MULTI ? { image_urls: [IMAGE_URL] } : { image_url: IMAGE_URL }
  const answer = await call(emulator, 'POST', path, { ...picture, ...body })
  const { result } = await answer.json()
  return result
}

/** Asks for a task until it has the status. */
export async function until(emulator: RunningEmulator, id: string, status: string, path = SINGLE) {
  for (;;) {
    const task = await (await call(emulator, 'GET', `${path}/${id}`)).json()
    if (task.status === status) return task
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
