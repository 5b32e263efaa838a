import { describe, expect, it, vi } from 'vitest'
import { startDev } from './dev-server.ts'
import { build, emulate, entryOf, failBuild, makeProject, VITES } from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy') }

describe.each(VITES)('`.env` files in %s', (vite) => {
  it('give the key from the project above the root, filled in', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'package.json': {},
        '.env': `MESHY_BASE_URL=${emulator.url}\nMESHY_API_KEY=\${TEAM_KEY}\nTEAM_KEY=${emulator.apiKey}\n`,
        'app/main.js': entryOf('../hero.png?meshy'),
      },
    })

    const vitest = {
      root: `${project.root}/app`,
      build: { rollupOptions: { input: `${project.root}/app/main.js` } },
    }
    await build(vite, project, { meshy: { mode: 'generate' }, vite: vitest })

    expect(emulator.counts.posts).toBe(1)
  })

  it('are not read with `envDir: false`', async () => {
    await emulate()
    const project = await makeProject({ files: { ...FILES, '.env': 'MESHY_API_KEY=msy_in_file\n' } })

    const error = await failBuild(vite, project, { meshy: {}, vite: { envDir: false } })

    expect(error.message).toContain('[MESHY_AUTH_MISSING]')
    expect(error.message).not.toContain('.env')
  })

  it('end a build that would publish the key, and warn in dev', async () => {
    await emulate()
    const project = await makeProject({ files: { ...FILES, '.env': 'MESHY_API_KEY=msy_in_file\n' } })
    const config = { envPrefix: ['VITE_', 'MESHY_'] }

    const error = await failBuild(vite, project, { meshy: { mode: 'preview' }, vite: config })
    const dev = await startDev(vite, project, { meshy: { mode: 'preview' }, config })
    await dev.model()

    expect(error.message).toContain('[MESHY_KEY_EXPOSED]')
    expect(dev.log.filter((line) => line.includes('import.meta.env.MESHY_API_KEY'))).toHaveLength(1)
  })

  it('with the key by a public name are told of', async () => {
    await emulate()
    vi.stubEnv('VITE_MESHY_API_KEY', 'msy_public')
    const project = await makeProject({ files: FILES })

    const error = await failBuild(vite, project, { meshy: {} })
    const dev = await startDev(vite, project, { meshy: {} })
    await dev.model()

    expect(error.message).toMatch(/VITE_MESHY_API_KEY.*\[MESHY_AUTH_MISSING\]/s)
    expect(dev.log.join('\n')).toContain('name `VITE_MESHY_API_KEY` MESHY_API_KEY')
  })

  it('with the key by both names end a build', async () => {
    await emulate()
    vi.stubEnv('VITE_MESHY_API_KEY', 'msy_both')
    vi.stubEnv('MESHY_API_KEY', 'msy_both')
    const project = await makeProject({ files: FILES })

    const { message } = await failBuild(vite, project, { meshy: { mode: 'preview' } })

    expect(message).toContain('[MESHY_KEY_EXPOSED]')
  })
})
