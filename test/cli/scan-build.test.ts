import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COMPILED } from '../support/compiled.ts'
import { createProject, mustSucceed, type Project } from '../support/project.ts'
import { emulate, emulated, keyless, makeModels, runCli } from './harness.ts'

describe('unplugin-meshy generate, in a project of Next.js', () => {
  it('pins what the sources import', async () => {
    const emulator = await emulate()
    const { root } = await makeNextProject(
      `import hero from '../hero.png?meshy&poly=500'\nimport pig from '/pig.png?meshy'\n`,
    )

    const { code, stderr } = await runCli(['generate'], { cwd: root, env: emulated(emulator) })

    expect([code, stderr]).toEqual([0, expect.any(String)])
    const { models } = JSON.parse(await readFile(path.join(root, 'meshy-lock.json'), 'utf8')) as {
      models: Record<string, { image: string }>
    }
    expect(Object.values(models).map(({ image }) => image)).toEqual(
      expect.arrayContaining(['hero.png', 'pig.png']),
    )
    expect(emulator.counts.posts).toBe(2)
  })

  it('names the import that leads nowhere, and pays nothing for the others', async () => {
    const emulator = await emulate()
    const { root } = await makeNextProject(
      `import hero from '../hero.png?meshy'\nimport none from '@/none.png?meshy'\n`,
    )

    const { code, stderr } = await runCli(['generate'], { cwd: root, env: emulated(emulator) })

    expect(code).toBe(1)
    expect(stderr).toContain('app/page.jsx:2')
    expect(stderr).toContain('MESHY_IMAGE_NOT_FOUND')
    expect(emulator.counts.posts).toBe(0)
  })
})

describe('unplugin-meshy generate, where an import of the sources cannot be read', () => {
  it.each([
    ['its directives are wrong', "import pig from '/pig.png?meshy&poly=none'\n", 'MESHY_DIRECTIVE_INVALID'],
    ['its image is none', "import bad from '../bad.png?meshy'\n", 'MESHY_IMAGE_INVALID'],
  ])('pays nothing for the others: %s', async (_, line, code) => {
    const emulator = await emulate()
    const project = await makeNextProject(`import hero from '../hero.png?meshy&poly=500'\n${line}`)
    await project.write({ 'bad.png': 'no picture' })

    const run = await runCli(['generate'], { cwd: project.root, env: emulated(emulator) })

    expect(run.code).toBe(1)
    expect(run.stderr).toContain(code)
    expect(emulator.counts.posts).toBe(0)
  })
})

describe('unplugin-meshy plan, in a project of Next.js', () => {
  it('says that it did not run the command, and how to list what else that imports', async () => {
    const emulator = await emulate()
    const { root } = await makeNextProject(`import hero from '../hero.png?meshy'\n`)

    const run = await runCli(['plan', '--', 'npm', 'run', 'build'], { cwd: root, env: emulated(emulator) })

    expect(run.stdout).toContain('hero.png')
    expect(run.stderr).toMatch(/did not run `npm run build`.*run `plan --` with the command of that bundler/)
    expect(run.code).toBe(3)
  })
})

describe('the rules for Turbopack', () => {
  it.each([
    ['build', ['hero.glb']],
    ['start', []],
  ])('have the files of pinned models laid out by `next %s`: %j', async (command, files) => {
    const project = await makeNextProject(`import hero from '../hero.png?meshy&poly=500'\n`)
    const emulator = await emulate()
    await makeModels(project, emulator, './hero.png?meshy&poly=500')
    await rm(path.join(project.root, '.meshy', 'out'), { recursive: true })

    const { stdout } = await mustSucceed(readConfig(project, [command], keyless(emulator)))

    expect(JSON.parse(stdout)).toEqual(files)
  })

  it('lay out nothing in a plan, which writes nothing', async () => {
    const project = await makeNextProject(`import hero from '../hero.png?meshy&poly=500'\n`)
    const emulator = await emulate()
    await makeModels(project, emulator, './hero.png?meshy&poly=500')
    await rm(path.join(project.root, '.meshy', 'out'), { recursive: true })

    const env = { ...keyless(emulator), MESHY_MODE: 'plan' }
    const { stdout } = await mustSucceed(readConfig(project, ['build'], env))

    expect(JSON.parse(stdout)).toEqual([])
  })
})

/** Reads the rules as a command of Next.js does, which looks at folders right after that. */
async function readConfig(project: Project, command: string[], env: Record<string, string>) {
  const source = JSON.stringify(path.join(COMPILED.folder, 'turbopack.mjs'))
  await project.write({
    'next.mjs': `import { readdirSync, existsSync } from 'node:fs'
import { meshyRules } from ${source}
meshyRules()
const names = existsSync('.meshy/out') ? readdirSync('.meshy/out', { recursive: true }) : []
console.log(JSON.stringify(names.filter((name) => name.endsWith('.glb')).map((name) => name.slice(-8))))
`,
  })
  return project.run(process.execPath, ['next.mjs', ...command], { env })
}

async function makeNextProject(page: string) {
  const project = await createProject({
    files: { 'next.config.mjs': 'export default {}\n', 'app/page.jsx': page },
    pictures: { 'hero.png': 'robot.png', 'public/pig.png': 'pig.png' },
  })
  onTestFinished(() => project.remove())
  return project
}
