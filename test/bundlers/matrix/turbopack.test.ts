import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { LoaderContext } from '../../../src/bundlers/turbopack.ts'
import loader, { meshyRules } from '../../../src/turbopack.ts'
import type { Project } from '../../support/project.ts'
import { build, emulate, entryOf, makeProject, paying, readFiles } from '../harness.ts'

const QUERY = '?meshy&poly=500'
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 17000\n`

describe('the loader for Turbopack', () => {
  it('gives a pinned model by a URL relative to the picture', async () => {
    const project = await pinnedProject()

    const { code, dependencies } = await load(project, QUERY)

    expect(code).toMatch(
      /url = new URL\("\.\/\.meshy\/out\/[0-9a-f]{16}\/hero\.glb", import\.meta\.url\)\.href/,
    )
    expect(code).toContain('"state":"ready"')
    expect(code).not.toContain(project.root)
    expect(dependencies).toEqual(['hero.png', 'meshy-lock.json'])
  })

  it('depends on the options of the project', async () => {
    const project = await pinnedProject()
    await project.write({ 'meshy.config.json': { defaults: { pbr: false } } })

    const { dependencies } = await load(project, QUERY)

    expect(dependencies).toContain('meshy.config.json')
  })

  it('says to run `generate` when a model is not pinned, whatever the mode', async () => {
    const project = await pinnedProject()
    vi.stubEnv('MESHY_MODE', 'generate')

    const loading = load(project, '?meshy&poly=777')

    await expect(loading).rejects.toThrow(/hero\.png\?meshy&poly=777[\s\S]*npx unplugin-meshy generate/)
  })

  it('gives a stand-in in `next dev`, which changes with the lockfile', async () => {
    const emulator = await emulate()
    vi.stubEnv('MESHY_BASE_URL', emulator.url)
    onTestFinished(() => void vi.unstubAllEnvs())
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png${QUERY}`) } })

    const before = await load(project, QUERY, { mode: 'development' })
    await build('Vite 8', project, { meshy: paying(emulator) })
    const after = await load(project, QUERY, { mode: 'development' })

    expect(before.code).toContain('"state":"preview"')
    expect(before.dependencies).toContain('meshy-lock.json')
    expect(after.code).toContain('"state":"ready"')
    expect(emulator.counts.posts).toBe(1)
  })

  it.each([
    ['a Git LFS pointer', async (file: string) => writeFile(file, LFS_POINTER), 'git lfs pull'],
    ['nothing', async (file: string) => rm(file), 'MESHY_API_KEY'],
  ])('gives a stand-in in `next dev` for a pinned model with %s for its bytes', async (_, lose, wayOut) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    onTestFinished(() => void warn.mockRestore())
    const project = await pinnedProject()
    const blobs = [...(await readFiles(path.join(project.root, '.meshy/blobs'))).keys()]
    const blob = path.join('.meshy/blobs', blobs.find((name) => name.endsWith('.glb')) ?? '')
    const file = path.join(project.root, blob)
    const bytes = await readFile(file)
    await rm(path.join(project.root, '.meshy/out'), { recursive: true })
    await lose(file)

    const before = await load(project, QUERY, { mode: 'development' })
    await writeFile(file, bytes)
    const after = await load(project, QUERY, { mode: 'development' })

    expect(before.code).toContain('"state":"preview"')
    expect(before.dependencies).toContain(blob)
    expect(String(warn.mock.calls)).toContain(wayOut)
    expect(after.code).toContain('"state":"ready"')
  })

  it('is as strict in `next dev` as `frozen` says', async () => {
    const project = await pinnedProject()
    vi.stubEnv('MESHY_MODE', 'frozen')

    const loading = load(project, '?meshy&poly=777', { mode: 'development' })

    await expect(loading).rejects.toThrow('npx unplugin-meshy generate')
  })

  it('gives a stand-in in `preview`', async () => {
    const project = await pinnedProject()
    vi.stubEnv('MESHY_MODE', 'preview')

    const { code } = await load(project, '?meshy&poly=777')

    expect(code).toContain('"state":"preview"')
  })
})

describe('meshyRules', () => {
  it.each(['png', 'PNG', 'Png', 'jpg', 'JPG', 'jpeg', 'JPEG', 'JpEg'])(
    'hold for pictures that end in .%s',
    (ending) => {
      expect(meshyRules()[`*.${ending}`]).toEqual(meshyRules()['*.png'])
    },
  )

  it.each([
    ['?meshy', true],
    ['?pbr&meshy&poly=5', true],
    ['?meshyish', false],
    ['', false],
  ])('takes the query %s: %s', (query, isTaken) => {
    const rule = meshyRules()['*.png'] as { condition: { query: RegExp } }

    expect(rule.condition.query.test(query)).toBe(isTaken)
  })
})

/** A project whose model with {@link QUERY} is pinned; there is no service any more. */
async function pinnedProject(): Promise<Project> {
  const emulator = await emulate()
  const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png${QUERY}`) } })
  await build('Vite 8', project, { meshy: paying(emulator) })
  await emulator.close()
  vi.stubEnv('MESHY_BASE_URL', emulator.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  return project
}

async function load({ root }: Project, resourceQuery: string, { mode = 'production' } = {}) {
  const dependencies: string[] = []
  const code = await new Promise<string>((resolve, reject) => {
    const context: LoaderContext = {
      resourcePath: path.join(root, 'hero.png'),
      resourceQuery,
      rootContext: root,
      mode,
      addDependency: (file) => void dependencies.push(path.relative(root, file)),
      async: () => (error, result) => (error ? reject(error as Error) : resolve(result ?? '')),
    }
    loader.call(context)
  })
  return { code, dependencies: dependencies.sort() }
}
