import { writeFileSync } from 'node:fs'
import { readdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { rspack } from '@rspack/core'
import { describe, expect, it } from 'vitest'
import webpack from 'webpack'
import type { Options } from '../../../src/index.ts'
import meshyForRspack from '../../../src/rspack.ts'
import meshyForWebpack from '../../../src/webpack.ts'
import { makePng } from '../../glb/pictures.ts'
import type { Project } from '../../support/project.ts'
import { codeOf, emulate, modelsOf, paying, type Built } from '../harness.ts'
import { DRIVERS, webpackConfig, type MatrixInit, type RunStats } from './drivers.ts'
import { makeFixture } from './fixture.ts'

const FAMILY = ['webpack', 'Rspack'] as const

describe.each(FAMILY)('a build with %s', (name) => {
  const drive = DRIVERS[name]

  it.each(['loose', 'oneOf', 'glb'] as const)(
    'is as without them when a user has %s rules',
    async (userRules) => {
      const emulator = await emulate()
      const project = await makeFixture()
      const plain = await drive(project, { meshy: paying(emulator) })

      const ruled = await drive(project, { meshy: paying(emulator), userRules })

      expect(ruled.files).toEqual(plain.files)
    },
  )

  it('keeps every model when modules come from its cache, and the output is empty', async () => {
    const { drive, meshy, emulator, first } = await warm(name)
    await emulator.close()

    const again = await drive({ meshy })

    expect(again.files).toEqual(first.files)
    expect(again.log).toBe('')
  })

  it('generates anew when a picture has changed since its cache was filled, whatever it knew of the imports', async () => {
    const { drive, meshy, project, emulator, first } = await warm(name)

    await writeFile(path.join(project.root, 'src/relative.png'), makePng(4, 4, { color: [9, 9, 9] }))
    const second = await drive({ meshy })

    expect(emulator.counts.posts).toBe(4)
    expect([...modelsOf(second)]).toHaveLength(3)
    expect([...modelsOf(second).values()]).not.toEqual([...modelsOf(first).values()])

    // The same without what it knew of the imports, once nothing else makes it look again.
    await drive({ meshy })
    await writeFile(path.join(project.root, 'src/relative.png'), makePng(4, 4, { color: [8, 8, 8] }))
    await rm(path.join(project.root, '.meshy/imports'), { recursive: true, force: true })
    await drive({ meshy })

    expect(emulator.counts.posts).toBe(5)
  })

  it('follows the options in code, whatever its cache holds', async () => {
    const { drive, meshy, emulator } = await warm(name)

    await drive({ meshy: { ...meshy, defaults: { poly: 900 } } })

    // Two of the three imports say `poly` themselves.
    expect(emulator.counts.posts).toBe(4)
  })

  it('follows the lockfile, whatever its cache holds', async () => {
    const { drive, meshy, project } = await warm(name)
    const frozen: Options = { ...meshy, mode: 'frozen' }
    await drive({ meshy: frozen })
    await rm(path.join(project.root, 'meshy-lock.json'))
    const entries = path.join(project.root, '.meshy/entries')
    await rm(entries, { recursive: true })

    await expect(drive({ meshy: frozen })).rejects.toThrow('MESHY_MODEL_MISSING')
  })

  it('follows the address in a file of variables, whatever its cache holds', async () => {
    const { drive, emulator, project } = await cached(name)
    await project.write({ '.env': `MESHY_BASE_URL=${emulator.url}\n` })
    const { baseUrl: _, ...meshy } = paying(emulator)
    await drive({ meshy })
    await drive({ meshy: { ...meshy, mode: 'frozen' } })
    await drive({ meshy: { ...meshy, mode: 'frozen' } })
    await project.write({ '.env': '' })

    await expect(drive({ meshy: { ...meshy, mode: 'frozen' } })).rejects.toThrow('MESHY_MODEL_MISSING')
  })

  it('takes nothing into a frozen build that only this machine knew', async () => {
    const { drive, meshy, project } = await cached(name)
    await drive({ meshy })
    await project.write({ 'meshy-lock.json': { version: 1, models: {} } })
    const preview = await drive({ meshy: { ...meshy, mode: 'preview' } })
    expect(codeOf(preview)).toContain('"state":"ready"')
    await drive({ meshy: { ...meshy, mode: 'preview' } })

    await expect(drive({ meshy: { ...meshy, mode: 'frozen' } })).rejects.toThrow('MESHY_MODEL_MISSING')
  })

  it('keeps neither failures nor stand-ins', async () => {
    const { drive, meshy } = await cached(name)
    await expect(drive({ meshy: { ...meshy, mode: 'frozen' } })).rejects.toThrow('MESHY_MODEL_MISSING')
    const preview = await drive({ meshy: { ...meshy, mode: 'preview' } })
    expect(codeOf(preview)).toContain('"state":"preview"')

    const real = await drive({ meshy })

    expect(codeOf(real)).not.toContain('preview')
    expect([...modelsOf(real)]).toHaveLength(3)
  })

  it.each([
    ['view', 'relative.png?meshy&views=side.png'],
    ['texture image', 'relative.png?meshy&texture-image=side.png'],
    ['image of a recipe', 'side.meshy.json?meshy'],
  ])('takes a broken %s when it is mended while it watches', async (_, specifier) => {
    await emulate()
    const project = await makeFixture()
    await project.write({
      'src/main.js': `export { url } from './${specifier}'\n`,
      'src/side.meshy.json': { image: './side.png' },
    })
    const side = path.join(project.root, 'src/side.png')
    const meshy: Options = { mode: 'preview' }
    await writeFile(side, makePng(4, 4))
    await DRIVERS[name](project, { meshy })
    await writeFile(side, makePng(4, 4).subarray(0, 30))
    await age(project)

    // The file of a module of ours does not exist, which webpack notices after its first build.
    const looks = name === 'webpack' ? 2 : 1
    const failures = await mendInWatch(compilerOf(name, project, meshy), (builds) => {
      if (builds === looks) writeFileSync(side, makePng(4, 2))
    })

    expect(failures).toEqual([...Array<boolean>(looks).fill(true), false])
  })

  it('asks before it pays even if its watcher is closed while it starts', async () => {
    const emulator = await emulate()
    const project = await makeFixture()
    const { mode: _, ...meshy } = paying(emulator)

    await closeInRebuild(compilerOf(name, project, meshy), () =>
      writeFileSync(path.join(project.root, 'src/relative.png'), makePng(4, 4, { color: [9, 9, 9] })),
    )

    expect(emulator.counts.posts).toBe(0)
  })
})

/** What both have in common that is needed here. */
interface WatchableCompiler {
  hooks: { watchRun: { tap(name: string, run: () => void): void } }
  watch(
    options: object,
    done: (error: Error | null, stats?: RunStats) => void,
  ): { close(done: () => void): void }
}

function compilerOf(name: (typeof FAMILY)[number], { root }: Project, meshy: Options): WatchableCompiler {
  const plugin = name === 'webpack' ? meshyForWebpack(meshy) : meshyForRspack(meshy)
  const config = webpackConfig(root, { meshy, dir: path.join(root, 'dist'), plugin })
  const compiler: unknown = name === 'webpack' ? webpack(config) : rspack(config as object)
  return compiler as WatchableCompiler
}

/** Watches, edits after the first build, and closes the watcher at the beginning of the second one. */
function closeInRebuild(compiler: WatchableCompiler, edit: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let builds = 0
    const watching = compiler.watch({ aggregateTimeout: 20 }, (error) => {
      if (error) reject(error)
      else if (builds === 1) edit()
    })
    compiler.hooks.watchRun.tap('test', () => {
      builds++
      if (builds === 2) watching.close(resolve)
    })
  })
}

/** Watches, calls `mend` after each build that failed, and returns which ones did, up to one that did not. */
function mendInWatch(compiler: WatchableCompiler, mend: (builds: number) => void): Promise<boolean[]> {
  return new Promise((resolve, reject) => {
    const failures: boolean[] = []
    const watching = compiler.watch({ aggregateTimeout: 20 }, (error, stats) => {
      if (error) return reject(error)
      failures.push(stats?.hasErrors() ?? false)
      if (failures.at(-1)) mend(failures.length)
      else watching.close(() => resolve(failures))
    })
  })
}

/** A watcher builds again for files that are as new as its first build. */
async function age({ root }: Project): Promise<void> {
  const entries = await readdir(root, { recursive: true })
  for (const entry of entries) await utimes(path.join(root, entry), 1e9, 1e9)
}

/** A project whose builds share a cache that outlives them. */
async function cached(name: (typeof FAMILY)[number]) {
  const emulator = await emulate()
  const project: Project = await makeFixture()
  const cacheDir = path.join(project.root, '.cache')
  const drive = (init: Omit<MatrixInit, 'cacheDir'>): Promise<Built> =>
    DRIVERS[name](project, { ...init, cacheDir })
  return { emulator, project, meshy: paying(emulator), drive }
}

/** The same, after two builds: what changed during the first, such as the lockfile, makes the second look again. */
async function warm(name: (typeof FAMILY)[number]) {
  const project = await cached(name)
  const first = await project.drive({ meshy: project.meshy })
  await project.drive({ meshy: project.meshy })
  return { ...project, first }
}
