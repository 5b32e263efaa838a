import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { adoptTask } from '../../src/cli/adopt.ts'
import type { RunningEmulator } from '../../src/emulator.ts'
import { classify } from '../../src/finding/classify.ts'
import type { Finished, Project } from '../support/project.ts'
import { ageJournal, changeRecord } from '../support/journal.ts'
import { failureOf, leaveOnItsWay, loadRequest, openRun } from '../support/run.ts'
import { emulate, emulated, importing, keyless, makeModels, runCli, viteProject } from './harness.ts'

describe('forget', () => {
  it('makes the next build pay again, and never takes the old task over', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const first = await pinned(project)

    const forgotten = await runCli(['forget', './hero.png?meshy'], {
      cwd: project.root,
      env: keyless(emulator),
    })
    const afterwards = await runCli(['generate'], { cwd: project.root, env: emulated(emulator) })

    expect(forgotten).toMatchObject({ code: 0, stdout: expect.stringContaining('30 credits') })
    expect(afterwards).toMatchObject({ code: 0, stdout: expect.stringContaining('generated') })
    expect(emulator.counts.created).toBe(2)
    expect((await pinned(project)).task).not.toBe(first.task)
  })

  it('takes a key as well as an import, and needs no API key', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const { key, task } = await pinned(project)

    const { code, stdout } = await runCli(['forget', key, '--json'], { cwd: project.root })

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ key, image: 'hero.png', tasks: [task], credits: 30 })
    expect(JSON.parse(await readFile(path.join(project.root, 'meshy-lock.json'), 'utf8'))).toMatchObject({
      models: {},
    })
    expect(await readdir(path.join(project.root, '.meshy', 'entries'))).toEqual([])
  })

  it('finds the key with the defaults of the project and of vite.config', async () => {
    const emulator = await emulate()
    const project = await viteProject({
      files: {
        'meshy.config.json': { presets: { prop: { poly: 5000 } } },
        'vite.config.js': `import meshy from 'unplugin-meshy/vite'\nexport default { plugins: [meshy({ defaults: { pbr: true } })], build: { rollupOptions: { input: 'main.js' } } }\n`,
        'main.js': importing('./hero.png?meshy&preset=prop'),
      },
    })
    await succeed(runCli(['generate'], { cwd: project.root, env: emulated(emulator) }))
    const { key } = await pinned(project)

    const { stdout } = await succeed(
      runCli(['forget', './hero.png?meshy&preset=prop', '--json'], {
        cwd: project.root,
        env: keyless(emulator),
      }),
    )

    expect(JSON.parse(stdout)).toMatchObject({ key })
  })

  it('removes a damaged entry', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const { key } = await pinned(project)
    await writeFile(path.join(project.root, '.meshy', 'entries', `${key}.json`), '{')

    const { code } = await runCli(['forget', key], { cwd: project.root })

    expect(code).toBe(0)
    expect(existsSync(path.join(project.root, '.meshy', 'entries', `${key}.json`))).toBe(false)
  })

  it.each([['its key'], ['its import']])('settles a record that cannot be read, by %s', async (by) => {
    const emulator = await emulate({ taskMs: 600_000 })
    const project = await viteProject()
    const env = keyless(emulator)
    const key = await unreadableRecord(project, env)

    const status = await succeed(runCli(['status'], { cwd: project.root, env }))
    const model = by === 'its key' ? key : './hero.png?meshy'
    const forgotten = await runCli(['forget', model, '--json'], { cwd: project.root, env })

    expect(status.stdout).toMatch(new RegExp(`${key} +unreadable record`))
    expect(JSON.parse(forgotten.stdout)).toMatchObject({ key })
    expect((await runCli(['status'], { cwd: project.root, env })).stdout).toContain('no models yet')
  })

  it('names what keeps other machines from taking the old task over', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const env = emulated(emulator)
    const { task } = await pinned(project)

    const { stdout } = await succeed(runCli(['forget', './hero.png?meshy'], { cwd: project.root, env }))
    const [, ...command] = /`unplugin-meshy (tasks) (delete) (\S+)`/.exec(stdout) ?? []
    await succeed(runCli(command, { cwd: project.root, env }))
    const again = await runCli(['forget', './hero.png?meshy', '--json'], { cwd: project.root, env })
    const elsewhere = await generated(emulator)

    expect(JSON.parse(again.stderr)).toMatchObject({ hint: expect.stringContaining('forgotten before') })
    expect(command.at(-1)).toBe(task)
    expect((await pinned(elsewhere)).task).not.toBe(task)
  })

  it('is an error when there is nothing to forget', async () => {
    const { root: cwd } = await viteProject()

    const byImport = await runCli(['forget', './hero.png?meshy', '--json'], { cwd })
    const byKey = await runCli(['forget', '0123456789abcdef', '--json'], { cwd })

    expect([byImport.code, byKey.code]).toEqual([1, 1])
    expect(JSON.parse(byImport.stderr)).toMatchObject({ code: 'MESHY_MODEL_UNKNOWN' })
    expect(JSON.parse(byKey.stderr)).toMatchObject({ code: 'MESHY_MODEL_UNKNOWN' })
  })

  it.each([['hero.png'], ['hero'], ['']])('is a usage error for %o', async (argument) => {
    const { code } = await runCli(['forget', argument])

    expect(code).toBe(2)
  })
})

describe('adopt', () => {
  it('takes over the task of a lost answer, where the service tells no names', async () => {
    const emulator = await emulate({ profile: 'reference', faults: [{ kind: 'lostAnswer', on: 'create' }] })
    const { root: cwd } = await viteProject()
    const env = emulated(emulator)

    // The command line would look for the task for 20 seconds.
    const { load } = await openRun({ root: cwd, service: emulator })
    const { code, details } = await failureOf(load('./hero.png?meshy'))
    const { key, candidates } = details as { key: string; candidates: string[] }
    const adopted = await runCli(['adopt', candidates[0] ?? '', key], { cwd, env })
    const built = await runCli(['generate', '--json'], { cwd, env })

    expect(code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(adopted.code).toBe(0)
    expect(JSON.parse(built.stdout)).toMatchObject({
      models: [{ image: 'hero.png', origin: 'adopted' }],
      credits: 0,
    })
    expect(emulator.counts.created).toBe(1)
  })

  it('counts from when the task began, not from a submission of long ago that was never sent', async () => {
    const emulator = await emulate({ faults: [{ kind: 'noNames' }] })
    const { root } = await viteProject()
    await leaveOnItsWay(root, emulator, './hero.png?meshy')
    await changeRecord(root, { state: 'started', taskId: undefined })
    await ageJournal(root, 80)
    const [taskId = ''] = emulator.tasks().map(({ id }) => String(id))

    const { context } = await openRun({ root, service: emulator })
    const request = await loadRequest(context, root, './hero.png?meshy')
    await adoptTask(context, request, { taskId, force: false })

    expect((await classify(context.ports, request)).state).toBe('on its way')
  })

  it('refuses a task of another import, unless it is forced', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const { task } = await pinned(project)
    const env = emulated(emulator)

    const refused = await runCli(['adopt', task, './hero.png?meshy&pbr', '--json'], {
      cwd: project.root,
      env,
    })
    const forced = await runCli(['adopt', task, './hero.png?meshy&pbr', '--force'], {
      cwd: project.root,
      env,
    })

    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'MESHY_COMMAND_REFUSED' })
    expect(forced.code).toBe(0)
  })

  it('refuses a task of another kind, and names both', async () => {
    const emulator = await emulate()
    const { root } = await viteProject({ pictures: { 'car.png': 'car.png' } })
    await leaveOnItsWay(root, emulator, './car.png?meshy&views=hero.png')
    const { context } = await openRun({ root, service: emulator })
    const request = await loadRequest(context, root, './hero.png?meshy')
    const taskId = String(emulator.tasks()[0]?.['id'])

    expect(await failureOf(adoptTask(context, request, { taskId, force: false }))).toMatchObject({
      code: 'MESHY_COMMAND_REFUSED',
      message: expect.stringMatching(/`multi-image-to-3d`.*`image-to-3d`/),
    })
  })

  it('refuses when there is a model already', async () => {
    const emulator = await emulate()
    const project = await generated(emulator)
    const { key, task } = await pinned(project)

    const { code, stderr } = await runCli(['adopt', task, key, '--json'], {
      cwd: project.root,
      env: emulated(emulator),
    })

    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({ code: 'MESHY_COMMAND_REFUSED' })
  })

  it('is an error for a task that does not exist', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject()

    const { code, stderr } = await runCli(['adopt', 'nothing', './hero.png?meshy', '--json'], {
      cwd,
      env: emulated(emulator),
    })

    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'MESHY_API_NOT_FOUND',
      hint: expect.stringMatching(/website.*unplugin-meshy pin/),
    })
  })
})

async function generated(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject()
  await makeModels(project, emulator, './hero.png?meshy')
  return project
}

/** Leaves a record of `./hero.png?meshy` that a crash of the disk cut off. */
async function unreadableRecord({ root }: Project, env: Record<string, string>): Promise<string> {
  const { stdout } = await runCli(['plan', '--json'], { cwd: root, env })
  const { models } = JSON.parse(stdout) as { models: { key: string }[] }
  const key = models[0]?.key ?? ''
  await mkdir(path.join(root, '.meshy', 'journal'), { recursive: true })
  await writeFile(path.join(root, '.meshy', 'journal', `${key}.json`), '{"version": 1, "sta')
  return key
}

async function pinned({ root }: Project): Promise<{ key: string; task: string }> {
  const text = await readFile(path.join(root, 'meshy-lock.json'), 'utf8')
  const { models } = JSON.parse(text) as { models: Record<string, { task: { id: string } }> }
  const [[key, model] = []] = Object.entries(models)
  if (!key || !model) throw new Error('Nothing is pinned.')
  return { key, task: model.task.id }
}

async function succeed(running: Promise<Finished>): Promise<Finished> {
  const finished = await running
  if (finished.code !== 0) throw new Error(finished.stderr)
  return finished
}
