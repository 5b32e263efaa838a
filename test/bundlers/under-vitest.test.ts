import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { COMPILED } from '../support/compiled.ts'
import type { Project } from '../support/project.ts'
import { build, emulate, makeProject, paying } from './harness.ts'

const VITEST = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
)
const TEST = `
import hero from './hero.png?meshy&poly=500'

test('the model is what it says it is', () => {
  expect(hero).toEqual({
    url: expect.stringMatching(/hero\\.glb$/),
    metadata: expect.objectContaining({ state: process.env.EXPECTED, triangles: expect.any(Number) }),
    files: {},
  })
})
`

describe('under vitest, with a key', () => {
  it('shows stand-ins, sends nothing, and lets the process end', async () => {
    const emulator = await emulate()
    const project = await makeTestedProject()

    const { code, stdout, stderr } = await runVitest(project, 'preview', emulator)

    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(emulator.counts.total).toBe(0)
  })

  it('sends nothing in a project of a workspace either, for a model whose bytes are gone', async () => {
    const emulator = await emulate()
    const project = await makeTestedProject()
    await project.write({
      'main.js': `export * from './hero.png?meshy&poly=500'`,
      'vitest.projects.mjs': `export default { test: { projects: ['vitest.config.mjs'] } }`,
    })
    await build('Vite 8', project, { meshy: paying(emulator) })
    for (const name of ['blobs', 'out'])
      await rm(path.join(project.root, '.meshy', name), { recursive: true })
    const before = emulator.counts.total

    const config = ['--config', 'vitest.projects.mjs']
    const { code, stdout, stderr } = await runVitest(project, 'preview', emulator, config)

    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(emulator.counts.total).toBe(before)
  })

  it('shows the models that are stored', async () => {
    const emulator = await emulate()
    const project = await makeTestedProject()
    await project.write({ 'main.js': `export * from './hero.png?meshy&poly=500'` })
    await build('Vite 8', project, { meshy: paying(emulator) })
    const [before, lockfile] = [emulator.counts.total, await readLockfile(project)]

    const { code, stdout, stderr } = await runVitest(project, 'ready', emulator)

    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(emulator.counts.total).toBe(before)
    expect(await readLockfile(project)).toBe(lockfile)
  })
})

async function makeTestedProject(): Promise<Project> {
  const plugin = pathToFileURL(COMPILED.vite).href
  return makeProject({
    files: {
      'hero.test.js': TEST,
      // Vite bundles what a config imports, but for what it cannot know.
      'vitest.config.mjs': `const plugin = ${JSON.stringify(plugin)}
        const { default: meshy } = await import(plugin)
        export default { plugins: [meshy()], test: { globals: true } }`,
    },
  })
}

function runVitest(
  project: Project,
  expected: string,
  { url, apiKey }: { url: string; apiKey: string },
  args: string[] = [],
) {
  const env = { EXPECTED: expected, MESHY_BASE_URL: url, MESHY_API_KEY: apiKey }
  return project.run(process.execPath, [VITEST, 'run', '--root', project.root, ...args], { env })
}

function readLockfile({ root }: Project): Promise<string> {
  return readFile(path.join(root, 'meshy-lock.json'), 'utf8')
}
