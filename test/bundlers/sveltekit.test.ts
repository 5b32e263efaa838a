import { describe, expect, it } from 'vitest'
import { build, makeProject } from './harness.ts'

describe.each(['Vite 8', 'Vite 7', 'Vite 6'] as const)('%s beside SvelteKit', (vite) => {
  it('has no hook for pages, of which SvelteKit would warn', async () => {
    const project = await makeProject({ files: { 'main.js': `import './hero.png?meshy'\n` } })
    const seen: string[] = []
    const kit = {
      name: 'vite-plugin-sveltekit-guard',
      configResolved: (config: { plugins: readonly { name: string; transformIndexHtml?: unknown }[] }) => {
        for (const { name, transformIndexHtml } of config.plugins) {
          if (name === 'unplugin-meshy') seen.push(String(transformIndexHtml))
        }
      },
    }

    await build(vite, project, { meshy: { mode: 'preview' }, vite: { plugins: [kit] } })

    expect(new Set(seen)).toEqual(new Set(['undefined']))
  })
})
