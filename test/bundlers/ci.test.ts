import { describe, expect, it, vi } from 'vitest'
import { build, emulate, entryOf, failBuild, makeProject } from './harness.ts'

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
