import { rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { riggedSample } from '../derive/support/sample.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import { emulate, emulated, jsonError, makeModels, readPins, runCli, viteProject } from './harness.ts'

/** A store that nobody asks. */
const UNUSED = { MESHY_TEAM_STORE: 'http://127.0.0.1:9/team', MESHY_TEAM_STORE_TOKEN: 'token' }

describe('pull, push and verify of stores', () => {
  it('say that an emulator made what they leave out, and what brings it back', async () => {
    const emulator = await emulate()
    const project = await viteProject()
    const [cwd, env] = [project.root, emulated(emulator)]
    await makeModels(project, emulator, './hero.png?meshy')
    await loseBytes(project)

    const pulled = await mustSucceed(runCli(['pull'], { cwd }))
    const pushed = await mustSucceed(runCli(['push'], { cwd, env: UNUSED }))

    expect(pulled.stdout).toMatch(/^Not here: 1 file that an emulator made.* `unplugin-meshy verify --fetch`/)
    expect(pushed.stdout).toMatch(/^Not uploaded: 1 file that an emulator made/)
    await mustSucceed(runCli(['verify', '--fetch'], { cwd, env }))
    const again = await mustSucceed(runCli(['pull'], { cwd }))
    expect(again.stdout).toBe('Brought 0 files (0 B); 1 already there.\n')
  })

  it('say where a user name and password go when there are none', async () => {
    const { root: cwd } = await viteProject()

    const pushed = await runCli(['push', '--json'], {
      cwd,
      env: { MESHY_TEAM_STORE: UNUSED.MESHY_TEAM_STORE },
    })

    expect(jsonError(pushed)).toMatchObject({
      hint: expect.stringContaining('with `user:password@` before its host'),
    })
  })

  it('say where they looked when nothing is pinned', async () => {
    const { root: cwd } = await viteProject()

    const pulled = await mustSucceed(runCli(['pull'], { cwd }))
    const pushed = await mustSucceed(runCli(['push'], { cwd, env: UNUSED }))
    const verified = await runCli(['verify', '--stores', '--json'], { cwd, env: UNUSED })

    expect(jsonError(verified).code).toBe('MESHY_LOCKFILE_EMPTY')
    for (const { stdout } of [pulled, pushed]) {
      expect(stdout).toContain('no model is pinned')
      expect(stdout).toContain(`${cwd}/meshy-lock.json`)
    }
  })
})

describe('status of stores', () => {
  it('counts nothing of a team store that cannot be reached', async () => {
    const { root: cwd } = await viteProject()
    await writeFile(`${cwd}/mine.glb`, await riggedSample().write())
    for (const specifier of ['./hero.png?meshy', './hero.png?meshy&pbr'])
      await mustSucceed(runCli(['pin', specifier, 'mine.glb'], { cwd }))

    const { stdout } = await mustSucceed(runCli(['status', '--stores'], { cwd, env: UNUSED }))

    expect(stdout).toMatch(/the team store: \S+, nothing is known: it could not be reached/)
    expect(stdout).not.toMatch(/\d of \d/)
  })
})

describe('commands about stores, in a run with an emulator', () => {
  it('say that it uses none, whatever is set up', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject()
    const env = { ...UNUSED, ...emulated(emulator) }
    const told = 'no store is used in a run with an emulator'

    const status = await mustSucceed(runCli(['status', '--stores'], { cwd, env }))
    const [push, verify, prune] = await Promise.all(
      [['push'], ['verify', '--stores'], ['prune', '--machine']].map((args) =>
        runCli([...args, '--json'], { cwd, env }),
      ),
    )

    expect(status.stdout).toContain(told)
    for (const finished of [push, verify]) {
      expect(finished && jsonError(finished)).toMatchObject({ code: 'MESHY_OPTIONS_INVALID' })
      expect(finished?.stderr).toContain(told)
    }
    expect(prune?.stderr).toContain(told)
  })
})

async function loseBytes(project: Project): Promise<void> {
  expect(Object.keys(await readPins(project))).toHaveLength(1)
  for (const folder of ['blobs', 'out']) await rm(`${project.root}/.meshy/${folder}`, { recursive: true })
}
