import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import meshy from '../../../src/esbuild.ts'
import { emulate, modelsOf, paying, readFiles } from '../harness.ts'
import { DRIVERS } from './drivers.ts'
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
    const other = `import other from './relative.png?meshy&poly=900'\nglobalThis.other = other\n`
    await writeFile(path.join(root, 'src/other.js'), other)
    const plugins = [meshy(paying(emulator))]

    await build({ ...optionsFor(root), outdir: 'dist', plugins })
    await build({ ...optionsFor(root), entryPoints: ['src/other.js'], outdir: 'dist', plugins })

    expect(emulator.counts.posts).toBe(4)
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
