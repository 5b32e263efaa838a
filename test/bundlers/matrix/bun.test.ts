import { statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../../src/emulator.ts'
import { COMPILED } from '../../support/compiled.ts'
import { mustSucceed, REPOSITORY, type Project } from '../../support/project.ts'
import { emulate, modelsOf, readFiles, servedModels, textsOf } from '../harness.ts'
import { NAMES, makeFixture } from './fixture.ts'

/** Where npm puts the program: into the package named `bun` once its script has run, else it stays in that of the platform. */
const PLACES = ['bun/bin/bun.exe', `@oven/bun-${process.platform}-${process.arch}/bin/bun`]
const BUN = PLACES.map((place) =>
  path.join(REPOSITORY, 'node_modules', place.replace('arm64', 'aarch64')),
).find(isProgram)

const BUILD = `import meshy from ${JSON.stringify(path.join(COMPILED.folder, 'bun.mjs'))}
const outdir = process.argv[2] ?? 'dist'
const { success, logs } = await Bun.build({
  entrypoints: ['src/main.js'], outdir, sourcemap: 'linked', throw: false, plugins: [meshy({ requestsPerSecond: 1000 })],
})
for (const log of logs) console.error(String(log))
process.exit(success ? 0 : 1)
`

describe.skipIf(!BUN)('a build with Bun', () => {
  it('emits every model once, where the URLs lead', async () => {
    const { emulator, project } = await setUp()

    await mustSucceed(build(project, keyed(emulator)))

    const files = await readFiles(path.join(project.root, 'dist'))
    const code = textsOf(files, /\.js$/)
    const models = modelsOf({ files, outDir: '', log: '' })
    expect([...models.keys()].map((name) => name.replace(/-\w+\.glb$/, ''))).toEqual([...NAMES])
    for (const name of models.keys()) expect(code).toContain(`"./${name}"`)
    expect(new Set([...models.values()].map(String))).toEqual(
      new Set((await servedModels(emulator)).map(String)),
    )
    expect(emulator.counts.created).toBe(3)
  })

  it('gives the same bytes without a key, and pays nothing', async () => {
    const { emulator, project } = await setUp()
    await mustSucceed(build(project, keyed(emulator)))
    const requests = emulator.counts.total

    await mustSucceed(build(project, { MESHY_BASE_URL: emulator.url, CI: 'true' }, 'again'))

    const [first, again] = await Promise.all(
      ['dist', 'again'].map((folder) => readFiles(path.join(project.root, folder))),
    )
    expect(again).toEqual(first)
    expect(emulator.counts.total).toBe(requests)
  })

  it('holds no prompt in code, and no path of the machine in what it writes', async () => {
    const { emulator, project } = await setUp()
    await mustSucceed(build(project, keyed(emulator)))

    const files = await readFiles(path.join(project.root, 'dist'))
    expect(textsOf(files, /\.js$/)).not.toMatch(/secret(%20|\+| )wish/)
    expect(textsOf(files, /\.(js|map)$/)).not.toContain(project.root)
  })

  it('fails by the code of what is missing, and sends nothing', async () => {
    const { emulator, project } = await setUp()

    const { code, stdout, stderr } = await build(project, { ...keyed(emulator), MESHY_MODE: 'frozen' })

    expect({ code, told: stdout + stderr }).toEqual({
      code: 1,
      told: expect.stringContaining('MESHY_MODEL_MISSING'),
    })
    expect(emulator.counts.total).toBe(0)
  })

  it('lists what it would pay in `plan`, and writes nothing', async () => {
    const { emulator, project } = await setUp()

    const { code, stdout, stderr } = await build(project, { ...keyed(emulator), MESHY_MODE: 'plan' })

    expect({ code, told: stdout + stderr }).toEqual({ code: 1, told: expect.stringContaining('90 credits') })
    expect(await readFiles(path.join(project.root, 'dist'))).toEqual(new Map())
    expect(emulator.counts.total).toBe(0)
  })
})

async function setUp(): Promise<{ emulator: RunningEmulator; project: Project }> {
  const emulator = await emulate()
  const project = await makeFixture()
  await project.write({
    'build.mjs': BUILD,
    'tsconfig.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
  })
  return { emulator, project }
}

function build(project: Project, env: Record<string, string>, outDir = 'dist') {
  return project.run(BUN ?? 'bun', ['build.mjs', outDir], { env })
}

function keyed({ url, apiKey }: RunningEmulator): Record<string, string> {
  return { MESHY_BASE_URL: url, MESHY_API_KEY: apiKey, MESHY_MODE: 'generate' }
}

/** Not the note that the package of npm holds until its script has run. */
function isProgram(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000
}
