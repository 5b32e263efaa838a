import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { copyProject } from '../../src/cli/project-copy.ts'
import { useTempDir } from '../support/temp-dir.ts'

const { path } = useTempDir()

it('a project is copied beside links that lead nowhere', async () => {
  await mkdir(path('site', 'node_modules', 'there'), { recursive: true })
  await writeFile(path('site', 'node_modules', 'there', 'index.js'), 'export {}')
  await symlink('../packages/removed', path('site', 'node_modules', 'removed'))
  await symlink('itself', path('site', 'itself'))
  await mkdir(path('site', 'docs'))
  await symlink('../../elsewhere', path('site', 'docs', 'node_modules'))

  await copyProject(path('site'), path('copy'))

  expect(await readFile(path('copy', 'node_modules', 'there', 'index.js'), 'utf8')).toBe('export {}')
})
