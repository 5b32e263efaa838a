import type { Plugin } from 'vite'
import { describe, expect, it } from 'vitest'
import { build, emulate, makeProject, paying, VITES } from './harness.ts'

const MODEL = '<model-viewer src="./hero.png?meshy&amp;pbr"></model-viewer>'
const IMAGE = '<img alt="" src="./hero.png?meshy">'

/** What compilers of templates do: attributes that they know become imports, all others stay text. */
function compiler(tags: Record<string, string[]>): Plugin {
  return {
    name: 'vite:vue',
    api: { options: { template: { transformAssetUrls: { tags } } } },
    transform(code, id) {
      if (!/\.(?:vue|svelte|astro|tsx)$/.test(id)) return null
      const known = [...code.matchAll(/<([\w-]+)[^>]*? src="([^"]*)"/g)].filter(([, tag = '']) => tag in tags)
      const imports = known.map(([, , source = ''], at) => {
        return `import i${at} from ${JSON.stringify(source.replaceAll('&amp;', '&'))}`
      })
      const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(code) ?? []
      const used = known.map((_, at) => `i${at}`).join(', ')
      return { code: [...imports, script, `console.log(${used})`].join('\n'), map: null }
    },
  }
}

async function buildTemplate(vite: (typeof VITES)[number], file: string, text: string, tags = {}) {
  const emulator = await emulate()
  const project = await makeProject({ files: { 'main.js': `import './${file}'\n`, [file]: text } })
  const plugins = [compiler({ img: ['src'], ...tags })]
  const { log } = await build(vite, project, { meshy: paying(emulator), vite: { plugins } })
  return { log, posts: emulator.counts.posts }
}

describe.each(VITES)('a template in %s', (vite) => {
  it.each([
    ['Page.vue', `<template>${MODEL}</template>`, ':src="hero.url"'],
    ['Page.svelte', MODEL, 'src={hero.url}'],
    ['Page.astro', MODEL, 'src={hero.url}'],
  ])('that leaves an attribute as text is told what to write: %s', async (file, text, remedy) => {
    const { log, posts } = await buildTemplate(vite, file, text)

    expect(log).toContain(`${file}: \`<model-viewer src="./hero.png?meshy&pbr">\` stays plain text`)
    expect(log).toContain(remedy)
    expect(posts).toBe(0)
  })

  it('pays nothing for an image, and says so', async () => {
    const { log, posts } = await buildTemplate(vite, 'Page.vue', `<template>${IMAGE}</template>`)

    expect(log).toContain(
      'Page.vue: `<img src="./hero.png?meshy">` shows no model, and none is generated for it',
    )
    expect(posts).toBe(0)
  })

  it('makes the model that its script imports as well', async () => {
    const script = `<script>import hero from './hero.png?meshy'\nconsole.log(hero)</script>`

    const { posts } = await buildTemplate(vite, 'Page.vue', `${script}<template>${IMAGE}</template>`)

    expect(posts).toBe(1)
  })

  it('makes the model of an attribute that the compiler imports', async () => {
    const text = `<template>${MODEL}</template>`

    const { log, posts } = await buildTemplate(vite, 'Page.vue', text, { 'model-viewer': ['src'] })

    expect(log).not.toContain('stays plain text')
    expect(posts).toBe(1)
  })
})
