import { cp, rename, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLockfile, readTree, runCli, viteBuild, viteProject } from '../cli/harness.ts'
import type { Project } from '../support/project.ts'

/**
 * A project as it was committed with the first version of the lockfile. It is never made anew: a change that breaks
 * this test breaks the projects of everybody.
 */
const GOLDEN = path.join(import.meta.dirname, 'golden')

describe('the golden lockfile', () => {
  it.each(['frozen', 'generate'])(
    'builds in the mode %s without a key, and is left byte for byte',
    async (mode) => {
      const project = await goldenProject()
      const before = await readLockfile(project)

      const { code, stderr } = await viteBuild(project, { MESHY_MODE: mode })

      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(await readLockfile(project)).toBe(before)
      const blobs = await readTree(path.join(GOLDEN, 'blobs'))
      const shipped = new Set(Object.values(await readTree(path.join(project.root, 'dist'))))
      const models = Object.entries(blobs).filter(([name]) => name.endsWith('.glb'))
      expect(models).toHaveLength(9)
      expect(models.filter(([, bytes]) => !shipped.has(bytes))).toEqual([])
    },
  )

  it('passes `verify` and `plan`', async () => {
    const { root: cwd } = await goldenProject()

    expect(await runCli(['verify'], { cwd })).toMatchObject({ code: 0 })
    expect(await runCli(['plan'], { cwd })).toMatchObject({ code: 0 })
  })
})

async function goldenProject(): Promise<Project> {
  const project = await viteProject()
  await cp(GOLDEN, project.root, { recursive: true })
  await mkdir(path.join(project.root, '.meshy'))
  await rename(path.join(project.root, 'blobs'), path.join(project.root, '.meshy', 'blobs'))
  return project
}
