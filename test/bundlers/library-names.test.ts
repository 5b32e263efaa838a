import { describe, expect, it } from 'vitest'
import { build, emulate, makeProject, modelsOf, paying } from './harness.ts'

const QUERIES = ['', '&poly=5000', '&pbr'] as const

/** Imports in an order; exports by query, so that only the order differs. */
const entryOf = (queries: readonly string[]) =>
  [
    ...queries.map(
      (query) => `import m${QUERIES.findIndex((one) => one === query)} from './hero.png?meshy${query}'`,
    ),
    'export { m0, m1, m2 }\n',
  ].join('\n')

describe.each(['Vite 8', 'Vite 6'] as const)(
  'a library by %s, whose files have no hash in their names',
  (bundler) => {
    const lib = { entry: 'main.js', formats: ['es' as const], fileName: 'main' }
    const vite = { build: { lib, rollupOptions: {} } }

    it.each(['asset', 'copy'] as const)(
      'names models of one picture by their bytes, whatever the order (%s)',
      async (emit) => {
        const emulator = await emulate()
        const project = await makeProject({ files: { 'main.js': entryOf(QUERIES) } })
        const meshy = paying(emulator, { emit })
        const first = await build(bundler, project, { meshy, vite })
        await project.write({ 'main.js': entryOf(QUERIES.toReversed()) })

        const second = await build(bundler, project, { meshy, vite })

        expect([...modelsOf(first).keys()]).not.toHaveLength(0)
        for (const name of modelsOf(first).keys()) expect(name).toMatch(/^hero-[0-9a-f]{8}\.glb$/)
        expect(modelsOf(second)).toEqual(modelsOf(first))
      },
    )
  },
)
