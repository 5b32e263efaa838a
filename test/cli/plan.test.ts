import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { spawnScript } from '../support/child.ts'
import type { Project } from '../support/project.ts'
import {
  buildHere,
  CLI,
  emulate,
  emulated,
  importing,
  keyless,
  makeModels,
  runCli,
  spawnCli,
  viteProject,
  VITE_CONFIG,
} from './harness.ts'

interface PlanJson {
  models: {
    image: string
    key: string
    query: string
    state: string
    credits: number
    site: { file: string; line: number }
  }[]
  credits: number
}

const THREE_MODELS = {
  files: {
    'main.js': `import './src/hall.js'\n${importing('./hero.png?meshy', './car.png?meshy&pbr')}`,
    'src/hall.js': importing(
      '../chair.png?meshy&texture=false',
      '../hero.png?meshy&take=1',
      '../car.png?meshy&pbr',
    ),
  },
  pictures: { 'car.png': 'car.png', 'chair.png': 'chair.png' },
}

describe.each(['vite', 'vite7', 'vite6'])('plan with %s', (vite) => {
  it('lists every import with importer, line, state and price, and sends nothing', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject(THREE_MODELS, { vite })

    const { code, stdout, stderr } = await runCli(['plan', '--json'], { cwd, env: keyless(emulator) })

    expect(stderr).toBe('')
    const { models, credits } = JSON.parse(stdout) as PlanJson
    const rows = models.map(({ image, state, credits, site }) => {
      return [image, state, credits, `${site.file}:${site.line}`]
    })
    expect(rows).toEqual([
      ['car.png', 'missing', 30, 'main.js:3'],
      ['car.png', 'missing', 30, 'src/hall.js:3'],
      ['chair.png', 'missing', 20, 'src/hall.js:1'],
      ['hero.png', 'missing', 30, 'main.js:2'],
      ['hero.png', 'missing', 30, 'src/hall.js:2'],
    ])
    expect(models.map(({ query }) => query)).toEqual([
      '?meshy&pbr',
      '?meshy&pbr',
      '?meshy&no-texture',
      '?meshy',
      '?meshy&take=1',
    ])
    expect({ code, credits, requests: emulator.counts.total }).toEqual({ code: 3, credits: 80, requests: 0 })
  })

  it('exits 0 when everything is at hand', async () => {
    const emulator = await emulate()
    const project = await viteProject({}, { vite })
    const { root: cwd } = project
    await makeModels(project, emulator, './hero.png?meshy')
    const before = emulator.counts.total

    const { code, stdout } = await runCli(['plan'], { cwd, env: keyless(emulator) })

    expect({ code, requests: emulator.counts.total }).toEqual({ code: 0, requests: before })
    expect(stdout).toContain('ready')
  })

  it('tells an import that is wrong, with its line, and exits 1', async () => {
    const { root: cwd } = await viteProject(
      { files: { 'main.js': importing('./hero.png?meshy&pooly=5') } },
      { vite },
    )

    // Vite 6 and 7 colour errors in CI.
    const { code, stdout, stderr } = await spawnCli(['plan'], { cwd, env: { CI: 'true', NO_COLOR: '' } })

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^main\.js:1: .*`poly`.*\[MESHY_DIRECTIVE_UNKNOWN\]\n$/s)
  })

  it('tells without colours what the bundler says in colours', async () => {
    const careful = "{ name: 'careful', buildStart() { this.warn('careful') } }"
    const { root: cwd } = await viteProject(
      {
        files: {
          'vite.config.js': VITE_CONFIG.replace('meshy()', `meshy(), ${careful}`),
          'main.js': "import './nowhere.js'\n",
        },
      },
      { vite },
    )
    const env = { CI: 'true', FORCE_COLOR: '1', NO_COLOR: '' }

    const { code, stderr } = await spawnCli(['plan'], { cwd, env })

    expect(code).toBe(1)
    expect(stderr).toMatch(/careful.*nowhere\.js.*\[MESHY_BUILD_FAILED\]/s)
    expect(stderr).not.toContain(String.raw`\u00`)
  })
})

describe('plan', () => {
  it('tells the four states apart and leaves an older output alone', async () => {
    const emulator = await emulate()
    const project = await viteProject({
      files: { 'main.js': importing('./hero.png?meshy', './car.png?meshy') },
      pictures: { 'car.png': 'car.png', 'chair.png': 'chair.png', 'pig.png': 'pig.png' },
    })
    const { root: cwd } = project
    await buildHere(project, emulator)
    const dist = await readTree(path.join(cwd, 'dist'))
    await loseBlob(project, 'car.png')
    await killWhileGenerating(project, './chair.png?meshy')
    await writeFile(
      path.join(cwd, 'main.js'),
      importing('./hero.png?meshy', './car.png?meshy', './chair.png?meshy', './pig.png?meshy'),
    )

    const { code, stdout } = await runCli(['plan'], { cwd, env: keyless(emulator) })

    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['car.png', 'restorable', 'main.js:2'],
      ['chair.png', 'on its way', 'main.js:3'],
      ['hero.png', 'ready', 'main.js:1'],
      ['pig.png', 'missing', '30 credits', 'main.js:4'],
      [expect.stringMatching(/^4 models, 30 credits/)],
      [''],
    ])
    expect(code).toBe(3)
    expect(await readTree(path.join(cwd, 'dist'))).toEqual(dist)
  })

  it('names the packages for which a build would pay nothing', async () => {
    const { root: cwd } = await viteProject({
      files: { 'main.js': importing('./hero.png?meshy', './hero.png?meshy&compress=draco') },
    })
    const preload = new URL('../support/without-packages.mjs', import.meta.url)
    const env = { NODE_OPTIONS: `--import ${preload.href}`, WITHOUT_PACKAGES: 'draco3dgltf' }

    const { code, stdout } = await spawnCli(['plan'], { cwd, env })

    const [plain, packed, lack] = stdout.split('\n')
    expect([plain, packed]).toEqual([
      expect.stringMatching(/^hero.png .*30 credits/),
      expect.stringMatching(/^hero.png\?meshy&compress=draco .*30 credits/),
    ])
    expect(lack).toMatch(/^ {4}.*`draco3dgltf` is not installed.*npm install/)
    expect(code).toBe(3)
  })

  it('counts the imports of workers', async () => {
    const { root: cwd } = await viteProject({
      files: {
        'main.js': `${importing('./hero.png?meshy')}new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })\n`,
        'worker.js': importing('./car.png?meshy'),
      },
      pictures: { 'car.png': 'car.png' },
    })

    const { stdout } = await runCli(['plan', '--json'], { cwd })

    const { models } = JSON.parse(stdout) as PlanJson
    expect(models.map(({ image, site }) => [image, site.file])).toEqual([
      ['car.png', 'worker.js'],
      ['hero.png', 'main.js'],
    ])
  })

  it('sends nothing for workers that have plugins of their own', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject({
      files: {
        'vite.config.js': `import meshy from 'unplugin-meshy/vite'
export default {
  plugins: [meshy()],
  worker: { plugins: () => [meshy()] },
  build: { rollupOptions: { input: 'main.js' }, modulePreload: false },
}
`,
        'main.js': `${importing('./hero.png?meshy')}new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })\n`,
        'worker.js': importing('./car.png?meshy'),
      },
      pictures: { 'car.png': 'car.png' },
    })

    await runCli(['plan', '--json'], { cwd, env: emulated(emulator) })

    expect(emulator.counts.posts).toBe(0)
  })

  it('says what is missing in a folder without Vite or without the plugin', async () => {
    const { root: cwd } = await viteProject({ files: { 'vite.config.js': 'export default {}\n' } })

    const without = await runCli(['plan', '--json'], { cwd })
    await rm(path.join(cwd, 'node_modules', 'vite'))
    const outside = await runCli(['plan', '--json'], { cwd })

    expect([without.code, outside.code]).toEqual([1, 1])
    expect(JSON.parse(without.stderr)).toMatchObject({ code: 'MESHY_VITE_MISSING' })
    expect(JSON.parse(outside.stderr)).toMatchObject({ code: 'MESHY_VITE_MISSING' })
  })
})

async function readTree(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'base64')] as const)),
  )
}

async function loseBlob({ root }: Project, image: string): Promise<void> {
  const text = await readFile(path.join(root, 'meshy-lock.json'), 'utf8')
  const { models } = JSON.parse(text) as {
    models: Record<string, { image: string; files: { glb: { sha256: string } } }>
  }
  const [key, model] = Object.entries(models).find(([, entry]) => entry.image === image) ?? []
  if (!key || !model) throw new Error(`${image} is not pinned`)
  const { sha256 } = model.files.glb
  await rm(path.join(root, '.meshy', 'blobs', sha256.slice(0, 2), `${sha256}.glb`))
  await rm(path.join(root, '.meshy', 'out', key), { recursive: true })
}

/** Leaves a journal record behind, as a killed build does. */
async function killWhileGenerating(project: Project, specifier: string): Promise<void> {
  const slow = await emulate({ taskMs: 600_000 })
  await mkdir(path.join(project.root, 'src'), { recursive: true })
  await project.write({
    'other.config.js': (await readFile(path.join(project.root, 'vite.config.js'), 'utf8')).replace(
      'main.js',
      'src/other.js',
    ),
    'src/other.js': importing(specifier.replace('./', '../')),
  })
  const running = spawnScript(CLI, ['generate', '--config', 'other.config.js'], {
    cwd: project.root,
    env: { ...emulated(slow), CI: '' },
  })
  await accepted(path.join(project.root, '.meshy', 'journal'))
  await running.kill()
}

/** Resolves when a record of a folder says that a task was accepted. */
async function accepted(folder: string): Promise<void> {
  for (;;) {
    const names = await readdir(folder).catch(() => [])
    const texts = await Promise.all(
      names.map((name) => readFile(path.join(folder, name), 'utf8').catch(() => '')),
    )
    if (texts.some((text) => text.includes('"accepted"'))) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
