import path from 'node:path'
import vm from 'node:vm'
import { rolldown, type Plugin } from 'rolldown'
import { rollup } from 'rollup'
import { describe, expect, it } from 'vitest'
import meshyForRolldown from '../../../src/rolldown.ts'
import meshyForRollup from '../../../src/rollup.ts'
import { emulate, makeProject, paying, workIn } from '../harness.ts'

const ENTRY = `import hero from './hero.png?meshy&poly=500'\nglobalThis.url = hero.url\n`
const BUNDLERS = ['Rollup', 'Rolldown'] as const

describe.each(BUNDLERS)('a script by %s', (name) => {
  it('finds its model from where the script came from', async () => {
    const { code, model } = await buildScript(name, {})

    expect(runScript(code, 'https://site.example/app/main.js')).toBe(`https://site.example/app/${model}`)
  })

  it('finds its model at the public path when there is one', async () => {
    const { code, model } = await buildScript(name, { publicPath: '/static/' })

    expect(runScript(code, 'https://site.example/app/main.js')).toBe(`/static/${model}`)
  })
})

describe('a plugin object for Rolldown', () => {
  it('serves packages of a workspace that build at the same time', async () => {
    const emulator = await emulate()
    const files = {
      'package.json': { workspaces: ['packages/*'] },
      'packages/a/main.js': "export { url } from '../../hero.png?meshy&poly=500'\n",
      'packages/b/main.js': "export { url } from '../../hero.png?meshy&poly=600'\n",
    }
    const { root } = await makeProject({ files })
    const meshy = meshyForRolldown(paying(emulator))
    const build = async (name: string, plugins: Plugin[]) => {
      const cwd = path.join(root, 'packages', name)
      const bundle = await rolldown({ cwd, input: './main.js', plugins: [...plugins, meshy] })
      return (await bundle.generate()).output
    }
    let other: ReturnType<typeof build> | undefined
    // It is seen, and not loaded, when the other build starts and ends.
    const between: Plugin = {
      name: 'between',
      async load(id) {
        if (id.includes('hero.png')) await (other ??= build('b', []))
      },
    }

    const outputs = [await build('a', [between]), await other]

    const models = outputs.map((output) => output?.filter(({ fileName }) => fileName.endsWith('.glb')))
    expect(models).toEqual([[expect.anything()], [expect.anything()]])
  })
})

async function buildScript(name: (typeof BUNDLERS)[number], options: { publicPath?: string }) {
  const emulator = await emulate()
  const { root } = await makeProject({ files: { 'main.js': ENTRY } })
  workIn(root)
  const input = path.join(root, 'main.js')
  const output = { format: 'iife', assetFileNames: 'assets/[name]-[hash][extname]' } as const
  const meshy = paying(emulator, options)
  const { output: files } =
    name === 'Rollup'
      ? await (await rollup({ input, plugins: [meshyForRollup(meshy)] })).generate(output)
      : await (await rolldown({ input, plugins: [meshyForRolldown(meshy)] })).generate(output)
  const code = files.flatMap((file) => (file.type === 'chunk' ? [file.code] : [])).join('\n')
  const model = files.find(({ fileName }) => fileName.endsWith('.glb'))?.fileName ?? 'none'
  return { code, model }
}

/** What the script finds when a page loads it. */
function runScript(code: string, src: string): unknown {
  const page: Record<string, unknown> = {
    URL,
    document: { currentScript: { src, tagName: 'SCRIPT' }, baseURI: 'https://site.example/' },
  }
  page['globalThis'] = page
  vm.runInNewContext(code, page)
  return page['url']
}
