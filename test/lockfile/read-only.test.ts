import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  cloneOf,
  emulate,
  keyless,
  makeModels,
  readPins,
  readTree,
  viteBuild,
  viteProject,
} from '../cli/harness.ts'
import type { RunningEmulator } from '../../src/emulator.ts'
import { COMPILED } from '../support/compiled.ts'
import { mustSucceed, type Project } from '../support/project.ts'

/** Whom nothing belongs to. */
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
const isRoot = process.platform === 'linux' && process.getuid?.() === 0

const vite = (out: string, config: string) => [
  'node_modules/vite/bin/vite.js',
  'build',
  '--configLoader',
  'native',
  '--config',
  config,
  '--outDir',
  out,
  '--emptyOutDir',
  '--manifest',
  '--sourcemap',
]

const BUILDS: Record<string, (out: string) => string[]> = {
  'Vite 8': (out) => vite(out, 'vite.config.js'),
  'Vite 8 with copies': (out) => vite(out, 'copies.config.js'),
  esbuild: (out) => ['esbuild.mjs', out],
}

const COPIES = `import config from './vite.config.js'
import meshy from ${JSON.stringify(COMPILED.vite)}
export default { ...config, plugins: [meshy({ emit: 'copy' })] }
`

const ESBUILD = `import { build } from ${JSON.stringify(import.meta.resolve('esbuild'))}
import meshy from ${JSON.stringify(path.join(COMPILED.folder, 'esbuild.mjs'))}
await build({ entryPoints: ['main.js'], bundle: true, format: 'esm', outdir: process.argv[2], plugins: [meshy()] })
`

// Only root may become somebody else.
describe.skipIf(!isRoot)('a checkout that belongs to another user', () => {
  it.each(Object.entries(BUILDS))(
    'is built by %s to the same bytes each time, and left as it was',
    async (_, command) => {
      const { clone, env, model } = await setUp()
      const before = await readTree(clone.root)
      const [out, tmp] = [await ownFolder(), await ownFolder()]

      const args = [...NOBODY, process.execPath, ...command(out)]
      const buildOnce = () => clone.run('setpriv', args, { env: { ...env, HOME: tmp, TMPDIR: tmp } })
      const { code, stderr } = await buildOnce()

      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.not.stringMatching(/EACCES|Unhandled/),
      })
      const built = await readTree(out)
      expect(Object.values(built)).toContain(model)
      await mustSucceed(buildOnce())
      expect(await readTree(out)).toEqual(built)
      expect(await readTree(clone.root)).toEqual(before)
      expect((await readdir(tmp)).filter((name) => name.startsWith('unplugin-meshy-'))).toEqual([])
    },
  )
})

describe.skipIf(!isRoot)('a cache that was used', () => {
  it('is enough for a build with copies that may not write to it', async () => {
    const { clone, env, model } = await setUp((unused, own) => mustSucceed(viteBuild(unused, own)))
    const out = await ownFolder()
    const args = [...NOBODY, process.execPath, ...vite(out, 'copies.config.js')]

    await mustSucceed(clone.run('setpriv', args, { env: { ...env, HOME: out } }))

    expect(Object.values(await readTree(out))).toContain(model)
  })

  it('is copied a second time over its copy, as caches of CI are restored', async () => {
    const project = await generated(await emulate())
    change(project, 'a+rX')
    const copy = await ownFolder()
    const copyOnce = () => project.run('setpriv', [...NOBODY, 'cp', '-R', '.meshy', 'meshy-lock.json', copy])

    await mustSucceed(copyOnce())
    const again = await copyOnce()

    expect(again).toMatchObject({ code: 0, stderr: '' })
    const { [path.join('.meshy', '.gitignore')]: ignore, ...copied } = await readTree(copy)
    expect(ignore).toBeDefined()
    expect(Object.keys(copied).filter((name) => name.startsWith(path.join('.meshy', 'out')))).toHaveLength(1)
  })
})

/** What git would bring of a project with a model, where nobody may write. */
async function setUp(
  use: (clone: Project, env: Record<string, string>) => Promise<unknown> = async () => {},
) {
  const emulator = await emulate()
  const project = await generated(emulator)
  const { 'hero.png': pin } = await readPins(project)
  const clone = await cloneOf(project)
  const blobs = Object.entries(await readTree(clone.root))
  const [, model] = blobs.find(([name]) => name.includes(pin?.files['glb']?.sha256 ?? '?')) ?? []
  await chmod(COMPILED.folder, 0o755)
  const env = keyless(emulator)
  await use(clone, env)
  change(clone, 'a-w,a+rX')
  onTestFinished(() => change(clone, 'u+w'))
  return { clone, env, model }
}

async function generated(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({ files: { 'esbuild.mjs': ESBUILD, 'copies.config.js': COPIES } })
  await makeModels(project, emulator, './hero.png?meshy')
  return project
}

function change({ root }: Project, mode: string): void {
  execFileSync('chmod', ['-R', mode, root])
}

async function ownFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'meshy-nobody-')))
  await chmod(folder, 0o777)
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}
