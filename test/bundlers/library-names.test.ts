import path from 'node:path'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import { describe, expect, it } from 'vitest'
import type { Options } from '../../src/index.ts'
import meshyForRolldown from '../../src/rolldown.ts'
import meshyForRollup from '../../src/rollup.ts'
import { createDice } from '../support/dice.ts'
import { build, emulate, makeProject, modelsOf, paying, readFiles, workIn, type Built } from './harness.ts'

const QUERIES = ['', '&poly=5000', '&pbr'] as const
/** As people write `assetFileNames`. */
const NAMES_WITHOUT_HASH = {
  'a pattern': '[name][extname]',
  'a pattern without a name': 'hero[extname]',
  'a function': ({ names }: { names: string[] }) => names[0] ?? '',
}
type NamesWithoutHash = (typeof NAMES_WITHOUT_HASH)[keyof typeof NAMES_WITHOUT_HASH]

/** Imports in an order; exports by query, so that only the order differs. */
const entryOf = (queries: readonly string[]) =>
  [
    ...queries.map(
      (query) => `import m${QUERIES.findIndex((one) => one === query)} from './hero.png?meshy${query}'`,
    ),
    'export { m0, m1, m2 }\n',
  ].join('\n')

const lib = { entry: 'main.js', formats: ['es' as const], fileName: 'main' }
const vite = { build: { lib, rollupOptions: {} } }

async function setUp() {
  const emulator = await emulate({ maker: createDice() })
  return { emulator, project: await makeProject({ files: { 'main.js': entryOf(QUERIES) } }) }
}

function expectTags(built: Built, count: number): void {
  const names = [...modelsOf(built).keys()]
  expect(names).toHaveLength(count)
  for (const name of names) expect(name).toMatch(/^hero-[0-9a-f]{8}\.glb$/)
}

describe.each(['Vite 8', 'Vite 6'] as const)(
  'a library by %s, whose files have no hash in their names',
  (bundler) => {
    it.each(['asset', 'copy'] as const)(
      'names models of one picture by their bytes, whatever the order (%s)',
      async (emit) => {
        const { emulator, project } = await setUp()
        const meshy = paying(emulator, { emit })
        const first = await build(bundler, project, { meshy, vite })
        await project.write({ 'main.js': entryOf(QUERIES.toReversed()) })

        const second = await build(bundler, project, { meshy, vite })

        expectTags(first, 3)
        expect(modelsOf(second)).toEqual(modelsOf(first))
      },
    )
  },
)

describe.each(['asset', 'copy'] as const)('a library by Vite 8 (%s)', (emit) => {
  it('is the same in each of eight warm builds', async () => {
    const { emulator, project } = await setUp()
    const run = () => build('Vite 8', project, { meshy: paying(emulator, { emit }), vite })
    const first = await run()

    expectTags(first, 3)
    for (let warm = 0; warm < 8; warm++) expect((await run()).files).toEqual(first.files)
  })
})

describe('a library by Vite 8 in `preview`', () => {
  it('names stand-ins of pictures with one name by their bytes too', async () => {
    const project = await makeProject({
      files: {
        'main.js': `export * as a from './a/hero.png?meshy'\nexport * as b from './b/hero.png?meshy'\n`,
      },
      pictures: { 'a/hero.png': 'robot.png', 'b/hero.png': 'car.png' },
    })

    expectTags(await build('Vite 8', project, { meshy: { mode: 'preview' }, vite }), 2)
  })
})

interface Writing {
  root: string
  meshy: Options
  assetFileNames: NamesWithoutHash
}

const WRITERS = {
  async Rollup({ root, meshy, assetFileNames }: Writing) {
    const bundle = await rollup({ input: path.join(root, 'main.js'), plugins: [meshyForRollup(meshy)] })
    await bundle.write({ dir: path.join(root, 'dist'), assetFileNames })
    await bundle.close()
  },
  async Rolldown({ root, meshy, assetFileNames }: Writing) {
    const input = path.join(root, 'main.js')
    const bundle = await rolldown({
      cwd: root,
      input,
      plugins: [meshyForRolldown(meshy)],
      logLevel: 'silent',
    })
    await bundle.write({ dir: path.join(root, 'dist'), assetFileNames })
    await bundle.close()
  },
}

const CASES = (['Rollup', 'Rolldown'] as const).flatMap((name) =>
  Object.entries(NAMES_WITHOUT_HASH).map(([form, names]) => [name, form, names] as const),
)

it.each(CASES)(
  'has names without an order where %s is told to use no hash, by %s',
  async (name, _, assetFileNames) => {
    const { emulator, project } = await setUp()
    workIn(project.root)
    const builtBy = async (order: readonly string[]): Promise<Built> => {
      await project.write({ 'main.js': entryOf(order) })
      await WRITERS[name]({ root: project.root, meshy: paying(emulator), assetFileNames })
      return { files: await readFiles(path.join(project.root, 'dist')), outDir: '', log: '' }
    }

    const first = await builtBy(QUERIES)

    expectTags(first, 3)
    expect(modelsOf(await builtBy(QUERIES.toReversed()))).toEqual(modelsOf(first))
  },
)
