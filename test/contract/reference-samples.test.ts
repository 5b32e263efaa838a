import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator } from '../../src/emulator.ts'
import { makePng, toDataUri } from '../glb/pictures.ts'

/**
 * The samples of the reference, as its readers write them: nothing is known of the server but its address, the key
 * and what the reference says. Only axios and EventSource became `fetch`, since the latter cannot send a key.
 */
describe.each(['image-to-3d', 'multi-image-to-3d'] as const)(
  'the samples of the reference for %s',
  (kind) => {
    let emulator: RunningEmulator
    beforeAll(async () => {
      emulator = await startEmulator({
        profile: 'reference',
        models: 'card',
        taskMs: 60,
        requestsPerSecond: 1000,
      })
    })
    afterAll(() => emulator.close())

    const image = toDataUri(makePng(16, 9))
    const pictures = kind === 'image-to-3d' ? { image_url: image } : { image_urls: [image, image] }
    const payload = {
      ...pictures,
      enable_pbr: true,
      should_remesh: true,
      should_texture: true,
      save_pre_remeshed_model: true,
    }
    const headers = () => ({ Authorization: `Bearer ${emulator.apiKey}` })

    async function createTask(): Promise<string> {
      const response = await fetch(`${emulator.url}/openapi/v1/${kind}`, {
        method: 'POST',
        headers: { ...headers(), 'Content-Type': 'application/json' },
        body: JSON.stringify(payload),
      })
      const data = await response.json()
      return data.result
    }

    async function get(path: string) {
      const response = await fetch(`${emulator.url}/openapi/v1/${kind}${path}`, { headers: headers() })
      if (!response.ok) throw new Error(String(response.status))
      return response.json()
    }

    it('create a task, and retrieve it until it has succeeded', async () => {
      const taskId = await createTask()
      let task = await get(`/${taskId}`)
      while (!['SUCCEEDED', 'FAILED', 'CANCELED'].includes(task.status)) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        task = await get(`/${taskId}`)
      }

      expect(task).toMatchObject({
        id: taskId,
        type: kind,
        status: 'SUCCEEDED',
        texture_prompt: '',
        preceding_tasks: 0,
      })
      expect(task.model_urls).toMatchObject({ glb: expect.any(String), pre_remeshed_glb: expect.any(String) })
      const model = await fetch(task.model_urls.glb)
      expect(Buffer.from(await model.arrayBuffer()).toString('latin1', 0, 4)).toBe('glTF')
    })

    it('stream a task, and close when it is finished', async () => {
      const taskId = await createTask()
      const statuses: string[] = []
      const response = await fetch(`${emulator.url}/openapi/v1/${kind}/${taskId}/stream`, {
        headers: { ...headers(), Accept: 'text/event-stream' },
      })
      if (!response.body) throw new TypeError('Expected a stream')
      const reader = response.body.getReader()
      const decoder = new TextDecoder()
      let buffer = ''
      while (!statuses.includes('SUCCEEDED')) {
        const { done, value } = await reader.read()
        if (done) break
        buffer += decoder.decode(value, { stream: true })
        const lines = buffer.split('\n')
        buffer = lines.pop() ?? ''
        for (const line of lines) {
          if (line.startsWith('data:')) statuses.push(JSON.parse(line.slice(5)).status)
        }
      }
      await reader.cancel()

      expect(statuses.at(-1)).toBe('SUCCEEDED')
      for (const status of statuses.slice(0, -1)) expect(['PENDING', 'IN_PROGRESS']).toContain(status)
    })

    it('list tasks, and delete one', async () => {
      const taskId = await createTask()
      const tasks = await get('?page_size=10')
      expect(tasks[0]).toMatchObject({ id: taskId, type: kind })

      const response = await fetch(`${emulator.url}/openapi/v1/${kind}/${taskId}`, {
        method: 'DELETE',
        headers: headers(),
      })

      expect(response.status).toBe(200)
      await expect(get(`/${taskId}`)).rejects.toThrow('404')
    })
  },
)
