import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { directives } from '../../src/request/directives.ts'
import { createProject, mustSucceed, type Project } from '../support/project.ts'
import { packRepository } from '../support/tarball.ts'

const PAGES = ['llms.txt', 'skills/unplugin-meshy/SKILL.md']

let project: Project
let unpacked: string

beforeAll(async () => {
  project = await createProject()
  await mustSucceed(project.run('tar', ['-xzf', await packRepository(project), '-C', project.root]))
  unpacked = path.join(project.root, 'package')
})

afterAll(() => project.remove())

const page = (name: string) => readFile(path.join(unpacked, name), 'utf8')

describe.each(PAGES)('%s in the package', (name) => {
  it('tells every directive, every command, and which of them pay', async () => {
    const text = await page(name)

    expect(Object.keys(directives).filter((directive) => !text.includes(`| \`${directive}\` |`))).toEqual([])
    const commands = Object.keys(main.subCommands ?? {})
    const told = commands.map(
      (command) =>
        new RegExp(`^\\| \`${command}\` \\|[^|]*\\| (never|\\*\\*pays\\*\\*) \\|$`, 'm').exec(text)?.[1],
    )
    expect(commands.filter((_, index) => told[index] === undefined)).toEqual([])
    expect(commands.filter((_, index) => told[index] !== 'never')).toEqual(['generate'])
  })

  it('names entries that the package has, and no file that it lacks', async () => {
    const text = await page(name)
    const { exports } = JSON.parse(await page('package.json')) as { exports: Record<string, unknown> }
    const entries = [...text.matchAll(/unplugin-meshy(\/[a-z]+)['"`]/g)].map(([, entry]) => `.${entry}`)

    expect(entries.filter((entry) => !(entry in exports))).toEqual([])
    expect(entries).toContain('./vite')
  })
})
