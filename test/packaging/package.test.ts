import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, packRepository, REPOSITORY, type Project } from '../support/project.ts'

let project: Project
let tarball: string

beforeAll(async () => {
  project = await createProject()
  tarball = await packRepository(project)
})

afterAll(() => project.remove())

describe('package.json', () => {
  it('satisfies publint in strict mode', async () => {
    const bytes = new Uint8Array(await readFile(tarball))

    const { messages } = await publint({ pack: { tarball: bytes.buffer }, strict: true })

    expect(messages).toEqual([])
  })

  it('gives types to every way of importing that an ESM package allows', async () => {
    const attw = path.join(REPOSITORY, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')

    const { code, stdout } = await project.run(process.execPath, [attw, tarball, '--profile', 'esm-only'])

    expect(code, stdout).toBe(0)
  })
})
