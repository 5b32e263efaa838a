import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import { emulate, emulated, makeModels, runCli, viteProject } from './harness.ts'

interface TaskJson {
  id: string
  kind: string
  status: string
  key?: string
  credits?: number
}

describe('tasks', () => {
  it('lists those of all kinds, newest first, with the keys of their names', async () => {
    const emulator = await emulate()
    const project = await viteProject({ pictures: { 'car.png': 'car.png' } })
    const { root: cwd } = project
    const env = emulated(emulator)
    await makeModels(project, emulator, './hero.png?meshy', './car.png?meshy&views=hero.png')
    const { models } = JSON.parse(await readFile(path.join(cwd, 'meshy-lock.json'), 'utf8')) as {
      models: object
    }

    const { code, stdout } = await runCli(['tasks', '--json'], { cwd, env })
    const limited = await runCli(['tasks', 'list', '--limit', '1', '--json'], { cwd, env })

    const tasks = JSON.parse(stdout) as TaskJson[]
    expect(code).toBe(0)
    expect(tasks.map(({ kind }) => kind).sort()).toEqual(['image-to-3d', 'multi-image-to-3d'])
    expect(tasks.map(({ key }) => key).sort()).toEqual(Object.keys(models).sort())
    expect(JSON.parse(limited.stdout)).toEqual(tasks.slice(0, 1))
  })

  it('shows one without its signed addresses', async () => {
    const emulator = await emulate()
    const id = await oneTask(emulator)
    const env = emulated(emulator)
    await runCli(['tasks', 'wait', id], { env })

    const { stdout } = await runCli(['tasks', 'show', id, '--json'], { env })

    expect(JSON.parse(stdout)).toMatchObject({
      id,
      status: 'SUCCEEDED',
      credits: 30,
      files: expect.arrayContaining(['glb']),
    })
    expect(stdout).not.toContain('http')
  })

  it('waits for one, and fails when it fails', async () => {
    const emulator = await emulate({ faults: [{ kind: 'failTask', message: 'no object', nth: 2 }] })
    const [good, bad] = [await oneTask(emulator), await oneTask(emulator)]
    const env = emulated(emulator)

    const waited = await runCli(['tasks', 'wait', good, '--json'], { env })
    const failed = await runCli(['tasks', 'wait', bad, '--json'], { env })

    expect(JSON.parse(waited.stdout)).toMatchObject({ id: good, status: 'SUCCEEDED' })
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      code: 'MESHY_TASK_FAILED',
    })
  })

  it('deletes one for good', async () => {
    const emulator = await emulate()
    const id = await oneTask(emulator)
    const env = emulated(emulator)

    const deleted = await runCli(['tasks', 'delete', id], { env })
    const again = await runCli(['tasks', 'delete', id, '--json'], { env })

    expect([deleted.code, again.code]).toEqual([0, 1])
    expect(JSON.parse(again.stderr)).toMatchObject({ code: 'MESHY_API_NOT_FOUND' })
    expect(emulator.tasks()).toEqual([])
  })

  it('does not delete what is on its way to the project, unless it is forced', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject()
    const id = await oneTask(emulator)
    const env = emulated(emulator)
    await runCli(['adopt', id, './hero.png?meshy'], { cwd, env })

    const refused = await runCli(['tasks', 'delete', id, '--json'], { cwd, env })
    const forced = await runCli(['tasks', 'delete', id, '--force'], { cwd, env })

    expect([refused.code, forced.code]).toEqual([1, 0])
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'MESHY_COMMAND_REFUSED' })
  })
})

describe('balance', () => {
  it('prints the credits of the account', async () => {
    const emulator = await emulate({ credits: 123 })

    const { code, stdout } = await runCli(['balance'], { env: emulated(emulator) })

    expect({ code, stdout }).toEqual({ code: 0, stdout: '123 credits\n' })
  })

  it('is an error without a key, and where the service tells none', async () => {
    const emulator = await emulate({ profile: 'reference' })

    const keyless = await runCli(['balance', '--json'], { env: { MESHY_BASE_URL: emulator.url } })
    const silent = await runCli(['balance', '--json'], { env: emulated(emulator) })

    expect([keyless.code, silent.code]).toEqual([1, 1])
    expect(JSON.parse(keyless.stderr)).toMatchObject({ code: 'MESHY_AUTH_MISSING' })
    expect(JSON.parse(silent.stderr)).toMatchObject({ code: 'MESHY_API_NOT_FOUND' })
  })
})

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A task that somebody else made, without a name of ours. */
async function oneTask({ url, apiKey }: RunningEmulator): Promise<string> {
  const response = await fetch(`${url}/openapi/v1/image-to-3d`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ image_url: PIXEL }),
  })
  const { result } = (await response.json()) as { result: string }
  return result
}
