import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import type { Project } from '../support/project.ts'
import { build, emulate, entryOf, makeProject, paying, type Built } from './harness.ts'

const BUILDERS = ['Vite 8', 'Rollup 4'] as const
const FILES = { 'main.js': entryOf('./hero.png?meshy') }

describe.each(BUILDERS)('a build with %s that has nothing but the tasks of an account', (bundler) => {
  /** A project whose model was made elsewhere, of which it has no more than the account. */
  async function setUp() {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    await run(emulator, project)
    return { emulator, project }
  }

  const run = (emulator: RunningEmulator, project: Project): Promise<Built> =>
    build(bundler, project, { meshy: paying(emulator, { emulated: false, machineStore: false }) })

  it('says once from which day on it fails, and what to commit', async () => {
    const { emulator, project } = await setUp()
    await rm(path.join(project.root, '.meshy'), { recursive: true })

    const [line, ...others] = expiringLines(await run(emulator, project))

    expect(line).toContain(`from ${dayAfterRetention(emulator)} on, a build without them fails`)
    expect(line).toContain('Commit the lockfile and the blobs')
    expect(others).toEqual([])
    expect(emulator.counts.posts).toBe(1)
  })

  it('says once from which day on it pays again, where it has no lockfile', async () => {
    const { emulator, project } = await setUp()
    await rm(path.join(project.root, '.meshy'), { recursive: true })
    await rm(path.join(project.root, 'meshy-lock.json'))

    const [line, ...others] = expiringLines(await run(emulator, project))

    expect(line).toContain(`from ${dayAfterRetention(emulator)} on, a build without them pays again`)
    expect(others).toEqual([])
  })

  it('says nothing of it where the bytes are there', async () => {
    const { emulator, project } = await setUp()

    expect(expiringLines(await run(emulator, project))).toEqual([])
  })
})

function expiringLines({ log }: Built): string[] {
  return log.split('\n').filter((line) => line.includes('came from tasks'))
}

/** The third day after the creation of the only task. */
function dayAfterRetention(emulator: RunningEmulator): string {
  const [task] = emulator.tasks()
  return new Date(Number(task?.['created_at']) + 3 * 24 * 3_600_000).toISOString().slice(0, 10)
}
