import { describe, expect, it } from 'vitest'
import { startDev } from './dev-server.ts'
import {
  build,
  BUNDLERS,
  emulate,
  entryOf,
  makeProject,
  paying,
  posted,
  servedModels,
  VITES,
} from './harness.ts'

const PROMPT = `50% wool + "silk" & 'lace', 100%25 Größe, naïve 日本語 👑 #1 <b> \\ / a=b?c`
const SPELLINGS = [
  ['encoded', `./hero.png?meshy&prompt=${encodeURIComponent(PROMPT)}`],
  // What a query cannot hold as it is: the characters that end a value, and an escape that is meant literally.
  [
    'raw',
    `./hero.png?meshy&prompt=${PROMPT.replace('%25', '%2525').replaceAll('&', '%26').replaceAll('#', '%23')}`,
  ],
] as const
/** Parts that would show a prompt, in whatever encoding. */
const TRACES = /wool|silk|lace|Gr(ö|%C3%B6|\\u00f6|\\xF6)|na(ï|%C3%AF)ve|日本|%E6%97%A5|👑/i

describe.each(BUNDLERS)('a prompt in a build with %s', (bundler) => {
  it.each(SPELLINGS)('arrives exactly: %s', async (_, specifier) => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(specifier) } })

    await build(bundler, project, { meshy: paying(emulator) })

    expect(posted(emulator).map(({ body }) => body['texture_prompt'])).toEqual([PROMPT])
  })

  it('is one request in all its spellings', async () => {
    const emulator = await emulate()
    const imports = SPELLINGS.map(([name, specifier]) => `import ${name} from ${JSON.stringify(specifier)}\n`)
    const project = await makeProject({
      files: { 'main.js': `${imports.join('')}export default [encoded, raw]\n` },
    })

    await build(bundler, project, { meshy: paying(emulator) })

    expect(emulator.counts.posts).toBe(1)
  })

  it('shows in the source that a map holds, and in nothing else of the output', async () => {
    const emulator = await emulate()
    const imports = SPELLINGS.map(([name, specifier]) => `import ${name} from ${JSON.stringify(specifier)}\n`)
    const project = await makeProject({
      files: {
        'main.js': `${imports.join('')}export default [encoded, raw, import(${JSON.stringify(SPELLINGS[0][1])})]\n`,
      },
    })

    const { files } = await build(bundler, project, { meshy: paying(emulator), sourcemap: true })

    const texts = [...files]
      .filter(([name]) => !name.endsWith('.glb'))
      .map(([name, bytes]) => `${name}\n${name.endsWith('.map') ? withoutSources(`${bytes}`) : bytes}`)
    expect(texts.filter((text) => TRACES.test(text))).toEqual([])
  })
})

describe.each(VITES)('a prompt in dev with %s', (vite) => {
  it.each(SPELLINGS)(
    'arrives exactly, as one request, when a page loads and reloads: %s',
    async (_, specifier) => {
      const emulator = await emulate()
      const project = await makeProject({ files: { 'main.js': entryOf(specifier) } })
      const dev = await startDev(vite, project, { meshy: paying(emulator) })

      const standIn = await dev.model()
      const model = await dev.until(({ state }) => state !== 'pending')

      expect(standIn.metadata.state).toBe('pending')
      expect(model.metadata).toMatchObject({ state: 'ready', key: standIn.metadata.key })
      expect([model.glb]).toEqual(await servedModels(emulator))
      expect(posted(emulator).map(({ body }) => body['texture_prompt'])).toEqual([PROMPT])
      expect(`${model.moduleUrl} ${dev.log.join(' ')}`).not.toMatch(TRACES)
    },
  )
})

/** A source map without the text of its sources. */
function withoutSources(map: string): string {
  return JSON.stringify({ ...(JSON.parse(map) as object), sourcesContent: [] })
}
