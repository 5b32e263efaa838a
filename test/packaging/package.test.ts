import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, REPOSITORY, type Project } from '../support/project.ts'
import { packRepository } from '../support/tarball.ts'
import { runTsc, TSCONFIG } from '../types/typescript.ts'

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

  it('gives types that hold every name they use', async () => {
    const { compilerOptions } = TSCONFIG
    const dist = path.join(REPOSITORY, 'dist')
    const names = (await readdir(dist)).filter((name) => name.endsWith('.d.mts'))
    await project.write({
      'tsconfig.json': {
        compilerOptions: { ...compilerOptions, lib: ['es2022', 'dom'] },
        files: names.map((name) => path.join(dist, name)),
      },
    })

    const { stdout } = await runTsc(project, 'ts7')

    // The types of other packages want packages that no project has.
    const own = stdout
      .split('\n')
      .filter((line) => path.resolve(project.root, line).startsWith(dist + path.sep))
    expect(own).toEqual([])
  })
})
