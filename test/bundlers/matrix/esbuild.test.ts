import { copyFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, context, type BuildContext, type BuildOptions } from 'esbuild'
import { describe, expect, it, onTestFinished } from 'vitest'
import meshy from '../../../src/esbuild.ts'
import { emulate, modelsOf, paying, readFiles } from '../harness.ts'
import { DRIVERS } from './drivers.ts'
import type { Project } from '../../support/project.ts'
import { makeFixture } from './fixture.ts'

describe('a build with esbuild', () => {
  it('is as without it when a user has a loader for models', async () => {
    const emulator = await emulate()
    const project = await makeFixture()
    const plain = await DRIVERS.esbuild(project, { meshy: paying(emulator) })

    const loaded = await DRIVERS.esbuild(project, { meshy: paying(emulator), userRules: 'glb' })

    expect(loaded.files).toEqual(plain.files)
  })

  it('puts models beside an `outfile`', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()

    await build({ ...optionsFor(root), outfile: 'dist/app.js', plugins: [meshy(paying(emulator))] })

    const files = await readFiles(path.join(root, 'dist'))
    const models = [...modelsOf({ files, outDir: '', log: '' }).keys()]
    expect(models).toHaveLength(3)
    for (const name of models) expect(String(files.get('app.js'))).toContain(`"./${name}"`)
  })

  it('generates in every build that shares its plugin', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()
    await writeOther(root)
    const options = { ...optionsFor(root), outdir: 'dist', plugins: [meshy(paying(emulator))] }

    await build(options)
    await build({ ...options, entryPoints: ['src/other.js'] })

    expect(emulator.counts.posts).toBe(4)
    expect(await readFile(path.join(root, 'dist/other.js'), 'utf8')).toContain('"ready"')
  })

  it('waits in no build that shares its plugin once one of them is kept', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()
    await writeOther(root)
    const options = { ...optionsFor(root), outdir: 'dist', plugins: [meshy(paying(emulator))] }
    const main = await startContext(options)
    const other = await startContext({ ...options, entryPoints: ['src/other.js'] })

    await main.rebuild()
    await main.rebuild()
    await other.rebuild()

    expect(await readFile(path.join(root, 'dist/other.js'), 'utf8')).toContain('"pending"')
  })

  it('builds real models with a plugin whose context was disposed', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()
    const options = { ...optionsFor(root), outdir: 'dist', plugins: [meshy(paying(emulator))] }

    // esbuild tells plugins of it a moment later, which the next build reaches first about one time in three.
    for (let poly = 900; poly < 907; poly++) {
      await writeOther(root, poly)
      const main = await startContext(options)
      await main.rebuild()
      await main.rebuild()
      await main.dispose()

      await build({ ...options, entryPoints: ['src/other.js'] })

      expect(await readFile(path.join(root, 'dist/other.js'), 'utf8')).toContain('"ready"')
    }
  })

  it('refuses to build two roots at once with one plugin object, and builds them one after the other', async () => {
    const emulator = await emulate()
    const [one, two] = [await makeFixture(), await makeFixture()]
    const plugins = [meshy(paying(emulator))]
    const buildIn = ({ root }: Project) => build({ ...optionsFor(root), outdir: 'dist', plugins })

    const outcomes = await Promise.allSettled([buildIn(one), buildIn(two)])
    const failed = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    await buildIn(one)
    await buildIn(two)

    expect(failed).toEqual([expect.stringContaining('MESHY_PLUGIN_SHARED')])
    for (const { root } of [one, two]) {
      const names = [...(await readFiles(root)).keys()]
      expect(names).toContain('meshy-lock.json')
      expect(names.filter((name) => /^dist.*\.glb$/.test(name))).toHaveLength(3)
    }
  })

  it('takes the image that is beside code without a file', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()
    const { entryPoints: _, ...options } = optionsFor(root)
    const contents = await readFile(path.join(root, 'src/main.js'), 'utf8')
    await copyFile(path.join(root, 'src/pics/alias.png'), path.join(root, 'relative.png'))
    const stdin = { contents, resolveDir: path.join(root, 'src') }
    const plugins = [meshy(paying(emulator))]

    await build({ ...options, stdin, outdir: 'dist', plugins })
    await build({ ...optionsFor(root), outdir: 'dist', plugins })

    expect(emulator.counts.posts).toBe(3)
  })

  it('writes nothing with `write: false`, and returns the models', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()

    const { outputFiles } = await build({
      ...optionsFor(root),
      outdir: 'dist',
      write: false,
      plugins: [meshy(paying(emulator))],
    })

    expect(outputFiles.filter((file) => file.path.endsWith('.glb'))).toHaveLength(3)
    expect([...(await readFiles(path.join(root, 'dist'))).keys()]).toEqual([])
  })

  it('writes nothing in `plan`', async () => {
    const emulator = await emulate()
    const { root } = await makeFixture()
    const plugins = [meshy(paying(emulator, { mode: 'plan' }))]

    await expect(build({ ...optionsFor(root), outdir: 'dist', plugins })).rejects.toThrow('MESHY_PLAN_ONLY')

    expect([...(await readFiles(path.join(root, 'dist'))).keys()]).toEqual([])
    expect(emulator.counts.posts).toBe(0)
  })
})

async function writeOther(root: string, poly = 900): Promise<void> {
  const code = `import other from './relative.png?meshy&poly=${poly}'\nglobalThis.other = other\n`
  await writeFile(path.join(root, 'src/other.js'), code)
}

async function startContext(options: BuildOptions): Promise<BuildContext> {
  const started = await context(options)
  onTestFinished(() => started.dispose())
  return started
}

function optionsFor(root: string) {
  return {
    absWorkingDir: root,
    entryPoints: ['src/main.js'],
    bundle: true,
    format: 'esm' as const,
    alias: { '@': path.join(root, 'src') },
    logLevel: 'silent' as const,
  }
}
