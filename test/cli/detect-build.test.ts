import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { detectBuild } from '../../src/cli/build-choice.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('detectBuild', () => {
  const { path } = useTempDir()

  it.each([
    ['in a script that another one calls', { build: 'npm run next', next: 'next build --webpack' }],
    ['by a version that has no other bundler', { build: 'next build' }],
  ])('runs the build of a project that has the plugin in webpack, %s', async (_, scripts) => {
    await writeFile(path('package.json'), JSON.stringify({ scripts, dependencies: { next: '15.5.0' } }))
    await writeFile(path('next.config.mjs'), `import meshy from 'unplugin-meshy/webpack'`)

    // By its text alone, an import would have another key than with the options of the config.
    expect(detectBuild(path(), [])).toEqual({ kind: 'command', command: ['npm', 'run', 'build'] })
    expect(detectBuild(path(), ['npx', 'next', 'build'])).toMatchObject({ kind: 'command' })
    const script = Object.keys(scripts).at(-1) ?? ''
    expect(detectBuild(path(), ['npm', 'run', script])).toMatchObject({ kind: 'command' })
  })

  it('reads the sources where the plugin is in Turbopack', async () => {
    await writeFile(path('package.json'), JSON.stringify({ scripts: { build: 'next build' } }))
    await writeFile(path('next.config.mjs'), `import { meshyRules } from 'unplugin-meshy/turbopack'`)

    expect(detectBuild(path(), [])).toMatchObject({ kind: 'sources' })
  })

  it.each([
    ['npx', 'storybook', 'build'],
    ['npm', 'run', 'admin'],
  ])('runs %s %s %s beside Turbopack', async (...command) => {
    const scripts = {
      build: 'next build && npm run admin',
      admin: 'vite build admin',
      storybook: 'storybook dev',
    }
    await writeFile(path('package.json'), JSON.stringify({ scripts }))
    await writeFile(path('next.config.mjs'), `import { meshyRules } from 'unplugin-meshy/turbopack'`)

    expect(detectBuild(path(), command)).toEqual({ kind: 'command', command })
    expect(detectBuild(path(), ['npm', 'run', 'build'])).toMatchObject({ kind: 'sources' })
  })

  it('runs the script of a Vite build that another one prepares', async () => {
    const scripts = { prebuild: 'node write-scenes.js', build: 'vite build' }
    await writeFile(path('package.json'), `\uFEFF${JSON.stringify({ scripts })}`)
    await writeFile(path('vite.config.js'), '')

    expect(detectBuild(path(), [])).toEqual({ kind: 'command', command: ['npm', 'run', 'build'] })
  })
})
