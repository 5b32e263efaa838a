import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createProject, REPOSITORY } from '../support/project.ts'

describe('package-lock.json', () => {
  it('is whole, so that `npm ci` takes it', async () => {
    const project = await createProject({
      files: { 'package.json': await ofRepository('package.json'), 'package-lock.json': await lockfile() },
    })
    onTestFinished(() => project.remove())

    const { code, stderr } = await project.run('npm', ['ci', '--dry-run', '--offline', '--ignore-scripts'])

    expect(code, stderr).toBe(0)
  })

  it('names no registry', async () => {
    expect(await lockfile()).not.toContain('"resolved": "http')
  })
})

function lockfile(): Promise<string> {
  return ofRepository('package-lock.json')
}

function ofRepository(file: string): Promise<string> {
  return readFile(path.join(REPOSITORY, file), 'utf8')
}
