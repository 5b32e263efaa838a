import { createBuilder } from 'vite'
import { describe, expect, it } from 'vitest'
import meshyForVite from '../../src/vite.ts'
import { createDice } from '../support/dice.ts'
import { build, collectingLogger, emulate, makeProject, paying } from './harness.ts'

const PAGE = `import hero from './hero.png?meshy'\nconsole.log(hero.url)\n`
const SERVER = `import hero from './hero.png?meshy'\nimport extra from './hero.png?meshy&take=2'\nexport { hero, extra }\n`

/** The lines that sum up what builds did. */
const sumsIn = (log: string) => log.split('\n').filter((line) => /\d+ models?: /.test(line))

async function setUp() {
  const emulator = await emulate({ maker: createDice() })
  const project = await makeProject({ files: { 'main.js': PAGE, 'server.js': SERVER } })
  return { emulator, project }
}

describe('a build in several parts, as frameworks make them', () => {
  it('counts each model in one sum, with the builds one after another', async () => {
    const { emulator, project } = await setUp()
    const meshy = paying(emulator)

    const client = await build('Vite 8', project, { meshy })
    const server = await build('Vite 8', project, {
      meshy,
      outDir: 'server',
      vite: { build: { ssr: 'server.js', rollupOptions: {} } },
    })
    const again = await build('Vite 8', project, { meshy })

    expect(sumsIn(client.log)).toEqual([expect.stringContaining('1 model: 1 generated, 30 credits')])
    expect(sumsIn(server.log)).toEqual([expect.stringContaining('1 model: 1 generated, 30 credits')])
    expect(sumsIn(again.log)).toEqual([])
  })

  it('counts each model in one sum, with the environments of one builder', async () => {
    const { emulator, project } = await setUp()
    const log: string[] = []
    const builder = await createBuilder({
      root: project.root,
      configFile: false,
      customLogger: collectingLogger(log),
      plugins: [meshyForVite(paying(emulator))],
      environments: {
        client: { build: { outDir: 'dist', rollupOptions: { input: 'main.js' } } },
        ssr: { build: { outDir: 'server', rollupOptions: { input: 'server.js' } } },
      },
    })
    for (const environment of Object.values(builder.environments)) await builder.build(environment)

    const ofOne = expect.stringContaining('1 model: 1 generated, 30 credits')
    expect(sumsIn(log.join('\n'))).toEqual([ofOne, ofOne])
  })

  it('tells of its stand-ins once', async () => {
    const { project } = await setUp()
    const run = () => build('Vite 8', project, { meshy: { mode: 'preview' } })

    const logs = [(await run()).log, (await run()).log]

    expect(logs.flatMap(sumsIn)).toEqual([expect.stringContaining('1 STAND-IN')])
  })
})
