import { describe, expect, it, vi } from 'vitest'
import { CI_SERVICES } from '../support/ci-services.ts'
import { build, emulate, entryOf, failBuild, makeProject } from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy') }

describe('a build with a key and no lockfile', () => {
  it.each(Object.entries(CI_SERVICES))('pays nothing on %s, unless CI=false', async (_, env) => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const meshy = { baseUrl: emulator.url, apiKey: emulator.apiKey }
    vi.stubEnv('CI', undefined)
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)

    const { message } = await failBuild('Rollup 4', project, { meshy })
    const before = emulator.counts.posts
    vi.stubEnv('CI', 'false')
    await build('Rollup 4', project, { meshy })

    expect(message).toContain('[MESHY_MODEL_MISSING]')
    expect([before, emulator.counts.posts]).toEqual([0, 1])
  })
})
