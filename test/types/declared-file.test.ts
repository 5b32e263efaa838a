import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDeclarations } from '../../src/run/types/declared-file.ts'
import { COMPILED } from '../support/compiled.ts'
import { type Project, type ProjectInit, mustSucceed, REPOSITORY } from '../support/project.ts'
import { build, emulate, failBuild, makeProject as makeJavaScript, paying } from '../bundlers/harness.ts'
import { startDev } from '../bundlers/dev-server.ts'

const importing = (...queries: string[]) =>
  queries.map((query, at) => `import m${at} from './hero.png${query}'\nconsole.log(m${at})\n`).join('')

describe('DeclaredFile', () => {
  it('is not there in a project without TypeScript', async () => {
    const project = await makeJavaScript({ files: { 'main.js': importing('?meshy') } })

    await build('Vite 8', project, { meshy: { mode: 'preview' } })

    await expect(stat(path.join(project.root, 'meshy-env.d.ts'))).rejects.toThrow('ENOENT')
  })

  it('is told where it is, once', async () => {
    const project = await makeProject({ files: { 'main.js': importing('?meshy') } })

    const first = await build('Vite 8', project, { meshy: { mode: 'preview' } })
    const second = await build('Vite 8', project, { meshy: { mode: 'preview' } })

    expect(first.log).toContain('meshy-env.d.ts')
    expect(second.log).not.toContain('meshy-env.d.ts')
  })

  it('holds the queries of all builds, sorted, and is written when they change', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': importing('?pbr&meshy', '?meshy&pbr') } })
    const file = path.join(project.root, 'meshy-env.d.ts')
    const meshy = paying(emulator)

    await build('Vite 8', project, { meshy })
    await project.write({ 'main.js': importing('?meshy') })
    await build('Rollup 4', project, { meshy })
    const text = await readFile(file, 'utf8')
    const { mtimeMs, ino } = await stat(file)
    await build('Vite 7', project, { meshy })

    expect(readDeclarations(text)).toEqual(['?meshy', '?meshy&pbr', '?pbr&meshy'])
    expect(await stat(file)).toMatchObject({ mtimeMs, ino })
  })

  it('stands beside the nearest tsconfig.json', async () => {
    const project = await makeProject({
      files: { 'package.json': { type: 'module' }, 'app/main.js': importing('?meshy') },
      pictures: { 'app/hero.png': 'robot.png' },
    })
    const app = { ...project, root: path.join(project.root, 'app') }

    await build('Vite 8', app, { meshy: paying(await emulate()) })

    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy'])
  })

  it('is where `dts` says', async () => {
    const project = await makeProject({ files: { 'main.js': importing('?meshy') } })

    await build('Vite 8', project, { meshy: { ...paying(await emulate()), dts: 'src/models.d.ts' } })

    expect(await declared(project.root, 'src/models.d.ts')).toEqual(['?meshy'])
  })

  it.each([
    ['`dts` is false', { mode: 'preview', dts: false }],
    ['the mode is `frozen`', { mode: 'frozen' }],
    ['the mode is `plan`', { mode: 'plan' }],
  ] as const)('is not written when %s', async (_, meshy) => {
    const project = await makeProject({ files: { 'main.js': importing('?meshy') } })

    await build('Vite 8', project, { meshy }).catch(expected)

    await expect(stat(path.join(project.root, 'meshy-env.d.ts'))).rejects.toThrow('ENOENT')
  })

  it('declares no query that is refused, and all others of a build that fails', async () => {
    const project = await makeProject({ files: { 'main.js': importing('?meshy&pbrr', '?meshy&pbr') } })

    await failBuild('Vite 8', project, { meshy: paying(await emulate()) })

    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy&pbr'])
  })

  it('cannot declare a `*`, and says how to write it', async () => {
    const project = await makeProject({
      files: { 'main.js': importing('?meshy&prompt=*', '?meshy&prompt=%2A') },
    })

    const { log } = await build('Vite 8', project, { meshy: paying(await emulate()) })

    expect(log).toContain('write `%2A`')
    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy&prompt=%2A'])
  })

  it('keeps whatever a text can hold', async () => {
    const query = `?meshy&prompt="a \\ king's" crown`
    const project = await makeProject({
      files: { 'main.js': `import ${JSON.stringify(`./hero.png${query}`)}\n` },
    })

    await build('Rollup 4', project, { meshy: paying(await emulate()) })

    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual([query])
  })

  it('leaves a file alone that is not ours', async () => {
    const project = await makeProject({
      files: { 'main.js': importing('?meshy'), 'meshy-env.d.ts': 'export {}\n' },
    })

    const { log } = await build('Vite 8', project, { meshy: paying(await emulate()) })

    expect(await readFile(path.join(project.root, 'meshy-env.d.ts'), 'utf8')).toBe('export {}\n')
    expect(log).toContain('meshy-env.d.ts` was not written by this plugin')
  })

  it('is written by a dev server when an import is new', async () => {
    const project = await makeProject({ files: { 'main.js': importing('?meshy') } })
    const { text } = await startDev('Vite 8', project, { meshy: paying(await emulate()) })

    await text('/main.js')

    await expect.poll(() => declared(project.root, 'meshy-env.d.ts').catch(String)).toEqual(['?meshy'])
  })
})

describe('DeclaredFile beside formatters', () => {
  const reformatted = (text: string) =>
    text
      .replaceAll('// prettier-ignore\n', '')
      .replaceAll(/"(\*.*)"/g, (_, pattern: string) => `'${pattern}'`)

  it('keeps what a formatter has written in its own way', async () => {
    const query = `?meshy&prompt=the king's \\"crown\\"`
    const project = await makeProject({
      files: { 'main.js': `import ${JSON.stringify(`./hero.png${query}`)}\n` },
    })
    const file = path.join(project.root, 'meshy-env.d.ts')
    await build('Rollup 4', project, { meshy: { mode: 'preview' } })
    const text = await readFile(file, 'utf8')
    const single = `declare module '*${query.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    await project.write({
      'meshy-env.d.ts': reformatted(text).replace(/^declare module .*(?= \{)/m, () => single),
      'main.js': importing('?meshy&pbr'),
    })

    await build('Rollup 4', project, { meshy: { mode: 'preview' } })

    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy&pbr', query])
  })

  it('is left alone by Prettier whatever it prefers, with all that is written beside it', async () => {
    const project = await makeProject({
      files: {
        '.prettierrc': '{ "semi": true, "singleQuote": true, "tabWidth": 4, "useTabs": true }\n',
        'main.js': importing('?meshy&formats=stl,3mf', '?meshy&textures&thumbnail&prompt="x"'),
      },
    })
    await build('Rollup 4', project, { meshy: paying(await emulate()) })

    const prettier = path.join(REPOSITORY, 'node_modules', 'prettier', 'bin', 'prettier.cjs')
    const written = ['meshy-env.d.ts', '.meshy']
    await mustSucceed(project.run(process.execPath, [prettier, '--check', ...written]))
  })

  it('is left alone by Biome, which would format and sort it otherwise', async () => {
    const project = await makeProject({
      files: {
        'biome.json': '{ "formatter": { "indentStyle": "tab", "lineWidth": 40 } }\n',
        'main.js': importing('?meshy&formats=stl,3mf', '?meshy&textures&thumbnail&prompt="x"'),
      },
    })
    await build('Rollup 4', project, { meshy: paying(await emulate()) })

    const biome = path.join(REPOSITORY, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
    const check = () => project.run(process.execPath, [biome, 'check', 'meshy-env.d.ts', '.meshy'])
    await mustSucceed(check())
    // It does look, and at what it does not like it fails.
    await project.write({ 'meshy-env.d.ts': 'export const a =   1\n' })
    expect((await check()).code).toBe(1)
  })
})

describe('unplugin-meshy types', () => {
  it('keeps what earlier runs found, and tells queries that no build would take', async () => {
    const project = await makeProject({ files: { 'main.ts': importing('?meshy&pbr') } })
    await build('Vite 8', project, { meshy: paying(await emulate()), entry: 'main.ts' })
    await project.write({ 'main.ts': importing('?meshy', '?meshy&pbrr') })

    const { code, stderr } = await types(project)

    expect(code).toBe(1)
    expect(stderr).toContain('main.ts:3: ')
    expect(stderr).toContain('[MESHY_DIRECTIVE_UNKNOWN]')
    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy', '?meshy&pbr'])
  })

  it('writes also where CI is set, since it was asked to', async () => {
    const project = await makeProject({ files: { 'main.ts': importing('?meshy') } })

    const { code, stdout } = await types(project, '--json')

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ file: 'meshy-env.d.ts', queries: ['?meshy'] })
    expect(await declared(project.root, 'meshy-env.d.ts')).toEqual(['?meshy'])
  })
})

async function types(project: Project, ...args: string[]) {
  return project.run(process.execPath, [COMPILED.cli, 'types', ...args], { env: { CI: 'true' } })
}

async function declared(root: string, file: string): Promise<string[]> {
  return readDeclarations(await readFile(path.join(root, file), 'utf8'))
}

/** These modes end a build in which a model is missing. */
function expected(error: unknown): void {
  expect(error).toHaveProperty('message', expect.stringContaining('[MESHY_'))
}

async function makeProject(init: ProjectInit): Promise<Project> {
  return makeJavaScript({ ...init, files: { 'tsconfig.json': {}, ...init.files } })
}
