import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { describe, expect, it } from 'vitest'
import { build, emulate, makeProject, paying } from './harness.ts'

const SCRIPT = `<script setup>\nimport hero from './hero.png?meshy&poly=500'\n</script>`

/** The project has no packages but ours. */
const runtime: Plugin = {
  name: 'runtime',
  enforce: 'pre',
  resolveId: (id) => (id === 'vue' ? { id, external: true } : null),
}

/** Builds a component by Vue's own compiler. */
async function buildComponent(text: string, tags: Record<string, string[]> = {}) {
  const emulator = await emulate()
  const project = await makeProject({
    files: { 'main.js': `import Page from './Page.vue'\nconsole.log(Page)\n`, 'Page.vue': text },
  })
  const template = {
    compilerOptions: { isCustomElement: (tag: string) => tag === 'model-viewer' },
    transformAssetUrls: { tags: { img: ['src'], ...tags } },
  }
  const built = await build('Vite 8', project, {
    meshy: paying(emulator),
    vite: { plugins: [runtime, vue({ template })] },
  })
  return { ...built, posts: emulator.counts.posts }
}

describe('a component of Vue', () => {
  it('binds the URL of a model that its script imports', async () => {
    const { log, posts } = await buildComponent(
      `${SCRIPT}\n<template><model-viewer :src="hero.url"></model-viewer></template>`,
    )

    expect(posts).toBe(1)
    expect(log).not.toContain('stays plain text')
  })

  it('whose attribute stays plain text is told what to write', async () => {
    const { log, posts } = await buildComponent(
      '<template><model-viewer src="./hero.png?meshy"></model-viewer></template>',
    )

    expect(log).toContain('Page.vue: `<model-viewer src="./hero.png?meshy">` stays plain text')
    expect(log).toContain(':src="hero.url"')
    expect(posts).toBe(0)
  })

  it('pays nothing for an image', async () => {
    const { log, posts } = await buildComponent('<template><img alt="" src="./hero.png?meshy"></template>')

    expect(log).toContain('`<img src="./hero.png?meshy">` shows no model')
    expect(posts).toBe(0)
  })

  it('makes the model of an attribute that its compiler imports', async () => {
    const { posts } = await buildComponent(
      '<template><model-viewer src="./hero.png?meshy"></model-viewer></template>',
      { 'model-viewer': ['src'] },
    )

    expect(posts).toBe(1)
  })
})
