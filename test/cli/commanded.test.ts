import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COPY_PREFIX, findCommanded } from '../../src/run/commanded.ts'
import { spawnScript } from '../support/child.ts'
import { COMPILED } from '../support/compiled.ts'
import { createProject, mustSucceed, REPOSITORY, type Project, type ProjectInit } from '../support/project.ts'
import { CLI, emulate, emulated, importing, json, keyless, readPins, readTree, spawnCli } from './harness.ts'

interface PlanJson {
  models: { image: string; state: string; site: { file: string } }[]
  credits: number
}

const BUNDLERS = ['vite', 'rollup', 'webpack', 'esbuild'] as const

const TWO_PARTS = {
  'main.js': importing('./hero.png?meshy'),
  'server.js': importing('./car.png?meshy'),
}
/** Builds in two parts each, as apps with a server do. */
const SCRIPTS: Record<(typeof BUNDLERS)[number], Record<string, string>> = {
  vite: {
    'vite.config.js': `import meshy from 'unplugin-meshy/vite'
export default { plugins: [meshy()], build: { rollupOptions: { input: 'main.js' } } }\n`,
    build:
      'node node_modules/vite/bin/vite.js build && node node_modules/vite/bin/vite.js build --ssr server.js --outDir dist/server',
  },
  rollup: {
    'rollup.config.js': `import meshy from 'unplugin-meshy/rollup'
export default ['main', 'server'].map((input) => ({ input: input + '.js', output: { dir: 'dist' }, plugins: [meshy()] }))\n`,
    build: 'node node_modules/rollup/dist/bin/rollup -c',
  },
  webpack: {
    'build.cjs': `const webpack = require('webpack')
const meshy = require('unplugin-meshy/webpack').default
const part = (name) => ({
  name, context: __dirname, mode: 'production', entry: './' + name + '.js', plugins: [meshy()],
  output: { path: __dirname + '/dist/' + name, clean: true },
})
webpack([part('main'), part('server')], (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exitCode = 1 }
})\n`,
    build: 'node build.cjs',
  },
  esbuild: {
    'build.js': `import { build } from 'esbuild'
import meshy from 'unplugin-meshy/esbuild'
for (const entry of ['main.js', 'server.js']) {
  await build({ entryPoints: [entry], bundle: true, outdir: 'dist', format: 'esm', plugins: [meshy()] })
}\n`,
    build: 'node build.js',
  },
}

const NPM_RUN_BUILD = ['npm', 'run', 'build']
const chained = (bundler: (typeof BUNDLERS)[number]) => {
  const { prebuild, build, postbuild } = scriptsOf(bundler)
  return [`${prebuild} && ${build} && ${postbuild}`]
}

/** As npm runs it, and, in less time, without npm. */
const commandOf = (bundler: (typeof BUNDLERS)[number]) =>
  bundler === 'vite' ? NPM_RUN_BUILD : chained(bundler)

// Plans of the others are below.
describe.each(['vite', 'webpack'] as const)('a command that builds by %s', (bundler) => {
  const command = commandOf(bundler)

  it('is planned in all of its parts, and changes nothing', async () => {
    const emulator = await emulate()
    const { root: cwd } = await makeProject(bundler)
    const before = await readTree(cwd)

    const { code, stdout, stderr } = await spawnCli(['plan', '--json', '--', ...command], {
      cwd,
      env: emulated(emulator),
    })

    const { models, credits } = json<PlanJson>(stdout)
    expect([code, models.map(({ image, state, site }) => [image, state, site.file])], stderr).toEqual([
      3,
      [
        ['car.png', 'missing', 'server.js'],
        ['hero.png', 'missing', 'main.js'],
      ],
    ])
    expect({ credits, requests: emulator.counts.total }).toEqual({ credits: 60, requests: 0 })
    expect(await readTree(cwd)).toEqual(before)
  })
})

describe.each(BUNDLERS)('a command that builds by %s', (bundler) => {
  const command = commandOf(bundler)

  it('generates what all of its parts miss, and is planned as ready then', async () => {
    const emulator = await emulate()
    const project = await makeProject(bundler)
    const { root: cwd } = project

    const { stdout } = await mustSucceed(
      spawnCli(['generate', '--json', '--', ...command], { cwd, env: emulated(emulator) }),
    )
    const after = await spawnCli(['plan', '--', ...command], { cwd, env: keyless(emulator) })

    expect(json(stdout)).toMatchObject({ credits: 60, models: [{ image: 'car.png' }, { image: 'hero.png' }] })
    expect(Object.keys(await readPins(project)).toSorted()).toEqual(['car.png', 'hero.png'])
    expect([after.code, emulator.counts.posts], after.stdout + after.stderr).toEqual([0, 2])
    expect(existsSync(path.join(cwd, 'done'))).toBe(true)
  })
})

describe('a command', () => {
  it('is found by the project when none is said, and told', async () => {
    const { root: cwd } = await makeProject('rollup')

    const { code, stdout, stderr } = await spawnCli(['plan'], { cwd })

    expect([code, stdout]).toEqual([3, expect.stringContaining('2 models, 60 credits')])
    expect(stderr).toContain('`npm run build` in a copy of the project')
  })

  it('spends no more than it may together with what the sources needed before it', async () => {
    const project = await makeProject('esbuild')
    const build = SCRIPTS.esbuild['build.js'] ?? ''
    await project.write({
      'next.config.mjs': 'export default {}\n',
      'main.js': importing('./hero.png?meshy'),
      'server.js': 'import("./later.js")\n',
      'later.js': '',
      'build.js': build.replace('meshy()', 'meshy({ defaults: { take: 2 } })'),
    })

    await expectOneOfTwoPaid(project, ['node', 'build.js'])
  })

  it('spends no more than it may in all of its processes together', async () => {
    await expectOneOfTwoPaid(await makeProject('vite'), chained('vite'))
  })

  it('ends by its own code when it fails, and what was paid is told and pinned', async () => {
    const emulator = await emulate()
    const project = await makeProject('esbuild')
    await project.write({ 'server.js': `import './none.js'\n` })

    const { code, stdout, stderr } = await spawnCli(['generate', '--', 'node build.js || exit 7'], {
      cwd: project.root,
      env: emulated(emulator),
    })

    expect([code, stdout]).toEqual([7, expect.stringContaining('1 model, 30 credits spent')])
    expect(stderr).toContain('failed with exit code 7')
    expect(Object.keys(await readPins(project))).toEqual(['hero.png'])
  })

  it.each(['plan', 'generate'])('that fails before any bundler is what `%s` tells', async (name) => {
    const { root: cwd } = await makeProject('vite')

    const { code, stdout, stderr } = await spawnCli([name, '--', 'node -e "process.exit(3)" && vite build'], {
      cwd,
    })

    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toContain('failed with exit code 3 before any bundler')
    expect(stderr).toContain('run `npx unplugin-meshy types` first')
  })

  it.each(['plan', 'generate'])('that does not exist is a usage error of `%s`', async (name) => {
    const { root: cwd } = await makeProject('vite')

    const none = await spawnCli([name, '--', 'nosuchcommand'], { cwd })
    const notAProgram = await spawnCli([name, '--', './main.js', 'build'], { cwd })

    expect([none.code, notAProgram.code]).toEqual([2, 2])
    expect(none.stderr).toContain('`nosuchcommand` was not found')
    expect(notAProgram.stderr).toContain('`./main.js` is not executable')
  })

  it('that has the plugin nowhere is an error', async () => {
    const { root: cwd } = await makeProject('vite')

    const { code, stderr } = await spawnCli(['plan', '--json', '--', 'node', '-e', '0'], { cwd })

    expect([code, stderr]).toEqual([1, expect.stringContaining('MESHY_PLUGIN_UNSEEN')])
  })

  it('pays nothing in a plan whose task runner hands no variables on', async () => {
    const emulator = await emulate()
    const { root: cwd } = await makeProject('esbuild')
    const bare = `env -i MESHY_BASE_URL=${emulator.url} MESHY_API_KEY=${emulator.apiKey} ${process.execPath} build.js`

    const { code, stdout } = await spawnCli(['plan', '--', bare], { cwd, env: emulated(emulator) })

    expect([code, stdout]).toEqual([3, expect.stringContaining('2 models, 60 credits')])
    expect(emulator.counts.total).toBe(0)
  })

  it('lets no process pay in the copy of a plan that it outlives', async () => {
    const copy = path.join(await mkdtemp(path.join(tmpdir(), COPY_PREFIX)), 'copy', 'project')
    onTestFinished(() => rm(path.join(copy, '..', '..'), { recursive: true }))

    expect(() => findCommanded(copy, {})).toThrow(expect.objectContaining({ code: 'MESHY_PLAN_ONLY' }))
  })

  it('hears of Ctrl-C, with all of its processes', async () => {
    const { root: cwd } = await makeProject('vite')
    await writeFile(
      path.join(cwd, 'slow.js'),
      `process.on('SIGINT', () => { console.error('heard'); process.exit(5) })
setInterval(() => {}, 1000)
console.error('begun')\n`,
    )
    const running = spawnScript(CLI, ['plan', '--', 'node slow.js; exit $?'], { cwd })
    await running.errorLine(/begun/)
    running.child.kill('SIGINT')

    const { stderr, code } = await running.exited
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('heard')])
  })

  it('needs words behind `--`, and a command that takes them', async () => {
    const { root: cwd } = await makeProject('vite')

    const none = await spawnCli(['plan', '--'], { cwd })
    const other = await spawnCli(['status', '--', 'npm', 'run', 'build'], { cwd })

    expect([none.code, other.code]).toEqual([2, 2])
  })
})

/** Runs the build of a project with enough credits for one of its two models. */
async function expectOneOfTwoPaid({ root: cwd }: Project, command: readonly string[]): Promise<void> {
  const emulator = await emulate()
  const env = { ...emulated(emulator), MESHY_MAX_CREDITS: '50' }

  const { code, stderr } = await spawnCli(['generate', '--', ...command], { cwd, env })

  expect([code, stderr]).toEqual([1, expect.stringContaining('MESHY_BUDGET_EXCEEDED')])
  expect(stderr).toContain('in addition to the 30 credits that this run has already reserved')
  expect(emulator.counts.posts).toBe(1)
}

/** A build that empties its output by itself before a bundler runs, and does more after it. */
function scriptsOf(bundler: (typeof BUNDLERS)[number]) {
  return {
    prebuild: `node -e "fs.rmSync('dist', { recursive: true, force: true })"`,
    build: SCRIPTS[bundler]['build'],
    postbuild: `node -e "fs.writeFileSync('done', '')"`,
  }
}

async function makeProject(bundler: (typeof BUNDLERS)[number]): Promise<Project> {
  const { build: _, ...files } = SCRIPTS[bundler]
  const init: ProjectInit = {
    files: {
      'package.json': { name: 'outside', private: true, type: 'module', scripts: scriptsOf(bundler) },
      'dist/older.txt': 'older',
      ...TWO_PARTS,
      ...files,
      ...ourPackage(),
    },
    pictures: { 'hero.png': 'robot.png', 'car.png': 'car.png' },
  }
  const project = await createProject(init)
  onTestFinished(() => project.remove())
  await mkdir(path.join(project.root, 'node_modules'), { recursive: true })
  const installed = path.join(REPOSITORY, 'node_modules', bundler)
  await symlink(installed, path.join(project.root, 'node_modules', bundler), 'dir')
  return project
}

function ourPackage(): Record<string, string | object> {
  const entries = Object.fromEntries(BUNDLERS.map((name) => [`./${name}`, `./${name}.js`]))
  const files = BUNDLERS.map((name) => {
    const entry = JSON.stringify(path.join(COMPILED.folder, `${name}.mjs`))
    return [
      `node_modules/unplugin-meshy/${name}.js`,
      `import plugin from ${entry}\nexport default plugin\nexport { plugin as 'module.exports' }\n`,
    ]
  })
  return {
    'node_modules/unplugin-meshy/package.json': { name: 'unplugin-meshy', type: 'module', exports: entries },
    ...Object.fromEntries(files),
  }
}
