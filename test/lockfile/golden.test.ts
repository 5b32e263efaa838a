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
  it('builds in the mode frozen without a key, and is left byte for byte', async () => {
    const { before, after } = await buildGolden('frozen')

    expect(after).toBe(before)
  })

  it('builds in the mode generate without a key, and gains the SHA-256 of its pictures alone', async () => {
    const { before, after } = await buildGolden('generate')

    expect(after).not.toBe(before)
    expect(after.replaceAll(PICTURE_SHA256, '')).toBe(before)
  })

  it('passes `verify` and `plan`', async () => {
    const { root: cwd } = await goldenProject()

    expect(await runCli(['verify'], { cwd })).toMatchObject({ code: 0 })
    expect(await runCli(['plan'], { cwd })).toMatchObject({ code: 0 })
  })
})

/** What stands behind the length of a picture; the files of a model have theirs before it. */
const PICTURE_SHA256 = /(?<="bytes": \d+),\s+"sha256": "[0-9a-f]{64}"/g

/** Builds it, and makes sure that every model is in the output. */
async function buildGolden(mode: string): Promise<{ before: string; after: string }> {
  const project = await goldenProject()
  const before = await readLockfile(project)

  const { code, stderr } = await viteBuild(project, { MESHY_MODE: mode })

  expect({ code, stderr }).toMatchObject({ code: 0 })
  const blobs = await readTree(path.join(GOLDEN, 'blobs'))
  const shipped = new Set(Object.values(await readTree(path.join(project.root, 'dist'))))
  const models = Object.entries(blobs).filter(([name]) => name.endsWith('.glb'))
  expect(models).toHaveLength(9)
  expect(models.filter(([, bytes]) => !shipped.has(bytes))).toEqual([])
  return { before, after: await readLockfile(project) }
}

async function goldenProject(): Promise<Project> {
  const project = await viteProject()
  await cp(GOLDEN, project.root, { recursive: true })
  await mkdir(path.join(project.root, '.meshy'))
  await rename(path.join(project.root, 'blobs'), path.join(project.root, '.meshy', 'blobs'))
  return project
}
