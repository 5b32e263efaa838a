import { describe, expect, it } from 'vitest'
import { scanSources, scanText } from '../../src/run/types/scan-sources.ts'
import { makeProject } from '../bundlers/harness.ts'

describe('scanText', () => {
  it.each([
    [`import hero from './hero.png?meshy&pbr'`, '?meshy&pbr'],
    [`import hero from "@/art/hero.png?pbr&meshy"`, '?pbr&meshy'],
    [`import{url}from'./hero.jpg?meshy'`, '?meshy'],
    [`import './hero.png?meshy'`, '?meshy'],
    [`export { default } from './hero.png?meshy'`, '?meshy'],
    [`const hero = await import(\n  './hero.png?meshy&take=2'\n)`, '?meshy&take=2'],
    [`const hero = await import(\`./hero.png?meshy\`)`, '?meshy'],
    [`const hero = require('./hero.png?meshy')`, '?meshy'],
    [`import.meta.glob('./*.png', { query: '?meshy&poly=5000', eager: true })`, '?meshy&poly=5000'],
    [`import.meta.glob('./*.png', { query: 'meshy&pbr' })`, '?meshy&pbr'],
    [`import knight from './knight.meshy.json?meshy'`, '?meshy'],
    [`import king from "./king.png?meshy&prompt=a king's crown"`, `?meshy&prompt=a king's crown`],
    [String.raw`import king from './king.png?meshy&prompt=a king\'s crown'`, `?meshy&prompt=a king's crown`],
  ])('finds %s', (text, query) => {
    expect(scanText(text).map((found) => found.query)).toEqual([query])
  })

  it.each([
    [`import hero from './hero.png'`],
    [`import hero from './hero.png?url'`],
    [`import hero from './hero.png?meshy=off'`],
    [`import meshy from 'unplugin-meshy/vite'`],
    [`import meshy from 'meshy'`],
    [`const text = './hero.png?meshy'`],
    [`import hero from \`./\${name}.png?mesh\``],
    [`// import hero from './hero.png?meshy'`],
    [`/* \n const hero = import('./hero.png?meshy') */`],
    [`<!-- <script>import './hero.png?meshy'</script> -->`],
    [`<p>{/* import('./hero.png?meshy') */}</p>`],
  ])('leaves %s', (text) => {
    expect(scanText(text)).toEqual([])
  })

  it('is not misled by what looks like a comment in a string', () => {
    const text = `const url = 'https://a.example/*'\nimport hero from './hero.png?meshy'\nconst end = '*/'\n`

    expect(scanText(text)).toMatchObject([{ query: '?meshy', line: 2 }])
  })

  it('tells the line', () => {
    expect(scanText(`// don't\n\nimport hero from './hero.png?meshy'\n`)).toMatchObject([
      { query: '?meshy', line: 3 },
    ])
  })
})

describe('scanSources', () => {
  it('reads sources of every kind, and nothing that was installed or built', async () => {
    const importing = (query: string) => `import hero from './hero.png?meshy&take=${query}'\n`
    const { root } = await makeProject({
      files: {
        'main.ts': importing('1'),
        'src/App.vue': `<script setup>\n${importing('2')}</script>\n`,
        'src/deep/View.svelte': importing('3'),
        'index.html': `<script type="module">${importing('4')}</script>`,
        'page.astro': importing('5'),
        'notes.md': importing('6'),
        'types.d.ts': importing('7'),
        'node_modules/art/index.js': importing('8'),
        'dist/main.js': importing('9'),
        '.cache/main.js': importing('10'),
        'models/main.js': importing('11'),
      },
    })

    const found = await scanSources(root, new Set([`${root}/models`]))

    expect(found.map(({ query, site }) => [site.file, site.line, query]).toSorted()).toEqual([
      ['index.html', 1, '?meshy&take=4'],
      ['main.ts', 1, '?meshy&take=1'],
      ['page.astro', 1, '?meshy&take=5'],
      ['src/App.vue', 2, '?meshy&take=2'],
      ['src/deep/View.svelte', 1, '?meshy&take=3'],
    ])
  })

  it('tells which query a build would refuse', async () => {
    const { root } = await makeProject({ files: { 'main.ts': `import './hero.png?meshy&pbrr'\n` } })

    const [found] = await scanSources(root, new Set())

    expect(found?.error).toMatchObject({
      code: 'MESHY_DIRECTIVE_UNKNOWN',
      site: { file: 'main.ts', line: 1 },
    })
  })
})
