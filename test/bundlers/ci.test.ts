import { copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { build, emulate, entryOf, failBuild, makeProject, paying } from './harness.ts'

/** One that is known by `CI`, and one that is not; each service is in `test/run/ci.test.ts`. */
const SERVICES = [
  ['Woodpecker', 'CI', 'woodpecker'],
  ['TeamCity', 'TEAMCITY_VERSION', '2025.1'],
] as const
const FILES = { 'main.js': entryOf('./hero.png?meshy') }

describe('a build with a key and no lockfile', () => {
  it.each(SERVICES)('pays nothing on %s, unless CI=false', async (_, name, value) => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const meshy = { baseUrl: emulator.url, apiKey: emulator.apiKey }
    vi.stubEnv('CI', undefined)
    vi.stubEnv(name, value)

    const { message } = await failBuild('Rollup 4', project, { meshy })
    const before = emulator.counts.posts
    vi.stubEnv('CI', 'false')
    await build('Rollup 4', project, { meshy })

    expect(message).toContain('[MESHY_MODEL_MISSING]')
    expect([before, emulator.counts.posts]).toEqual([0, 1])
  })
})

describe('a build of a package whose lockfile is in a folder above, in a copy without its repository', () => {
  const LOCKFILE = { 'meshy-lock.json': { version: 1, models: {} } }
  const PACKAGE = { 'web/package.json': {}, 'web/main.js': entryOf('../hero.png?meshy&poly=500') }

  it('pins there, where the lockfile of the package manager marks the workspace', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { ...LOCKFILE, ...PACKAGE, 'package-lock.json': {} } })
    const root = path.join(project.root, 'web')

    const { log } = await build('Vite 8', { ...project, root }, { meshy: paying(emulator) })

    expect(await readFile(path.join(project.root, 'meshy-lock.json'), 'utf8')).toContain('hero.png')
    expect(log).not.toContain('is not read')
  })

  it('says that the lockfile is not read, where nothing marks the workspace', async () => {
    const project = await makeProject({ files: { ...LOCKFILE, ...PACKAGE } })
    const root = path.join(project.root, 'web')
    await copyFile(path.join(project.root, 'hero.png'), path.join(root, 'hero.png'))
    await project.write({ 'web/main.js': entryOf('./hero.png?meshy&poly=500') })

    const { log } = await build('Vite 8', { ...project, root }, { meshy: { mode: 'preview' } })

    expect(log).toMatch(/meshy-lock\.json` is not read, because the workspace ends at `.*web`/)
  })
})
