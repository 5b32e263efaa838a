import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import { deleteTask } from '../../src/cli/delete-task.ts'
import { forgetNamed } from '../../src/cli/forget.ts'
import { changeRecord } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, openRun } from '../support/run.ts'
import { emulate, emulated, makeModels, readPins, runCli, viteProject } from './harness.ts'

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

  it('does not delete the only source of pinned bytes that are missing here', async () => {
    const emulator = await emulate()
    const project = await viteProject()
    await makeModels(project, emulator, './hero.png?meshy')
    await rm(path.join(project.root, '.meshy'), { recursive: true })
    const { context } = await openRun({ root: project.root, service: emulator })
    const id = String(emulator.tasks()[0]?.['id'])

    const refusal = await failureOf(deleteTask(context, id, { force: false }))
    await runCli(['verify', '--fetch'], { cwd: project.root, env: emulated(emulator) })
    await deleteTask(context, id, { force: false })

    expect(refusal).toMatchObject({
      code: 'MESHY_COMMAND_REFUSED',
      message: expect.stringContaining('hero.png'),
    })
    expect(emulator.tasks()).toEqual([])
  })

  it('does not delete what was paid for, and whose answer was lost', async () => {
    const { emulator, context, id } = await loseAnswer(await emulate())

    const refusal = await failureOf(deleteTask(context, id, { force: false }))

    expect(refusal.code).toBe('MESHY_COMMAND_REFUSED')
    expect(emulator.tasks()).toHaveLength(1)
  })

  it('does not delete what may be that where no task has a name, until it is given up', async () => {
    const { emulator, root, context, id } = await loseAnswer(await emulate({ faults: [{ kind: 'noNames' }] }))

    const refusal = await failureOf(deleteTask(context, id, { force: false }))
    await forgetNamed(context, './hero.png?meshy', root)
    await deleteTask(context, id, { force: false })

    expect(refusal).toMatchObject({
      code: 'MESHY_COMMAND_REFUSED',
      hint: expect.stringContaining(`adopt ${id} `),
    })
    expect(emulator.tasks()).toEqual([])
  })

  it('deletes one whose model is stored, although its record cannot be read', async () => {
    const emulator = await emulate()
    const project = await viteProject()
    await makeModels(project, emulator, './hero.png?meshy')
    const { 'hero.png': pin } = await readPins(project)
    await mkdir(path.join(project.root, '.meshy', 'journal'), { recursive: true })
    await writeFile(path.join(project.root, '.meshy', 'journal', `${pin?.key}.json`), '{"version": 1, "sta')
    const { context } = await openRun({ root: project.root, service: emulator })

    await deleteTask(context, pin?.task?.id ?? '', { force: false })

    expect(emulator.tasks()).toEqual([])
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

/** A project whose submission became a task that it does not know of. */
async function loseAnswer(emulator: RunningEmulator) {
  const { root } = await viteProject()
  await leaveOnItsWay(root, emulator, './hero.png?meshy')
  const at = new Date().toISOString()
  const sent = { sentAt: at, answerBy: at, named: true }
  await changeRecord(root, { state: 'started', taskId: undefined, sent, lost: true })
  const { context } = await openRun({ root, service: emulator })
  return { emulator, root, context, id: String(emulator.tasks()[0]?.['id']) }
}
