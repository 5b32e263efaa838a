import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMPILED } from '../support/compiled.ts'
import { mustSucceed, type Project } from '../support/project.ts'
import { build, emulate, makeProject, paying } from '../bundlers/harness.ts'
import { installTypes, runTsc, TSCONFIG, TYPESCRIPTS } from './typescript.ts'

const MAIN = `import hero, { metadata } from './hero.png?meshy&pbr&poly=20000'
import plain from './hero.png?meshy'
export const url: string = hero.url
export const triangles: number = metadata.triangles
export const state: 'ready' | 'pending' | 'preview' = plain.metadata.state
`
const WRONG = `import hero from './hero.png?meshy&pbr&poly=20000'
export const n: number = hero.url
`
const UNKNOWN = `import hero from './hero.png?meshy&pbr&poly=3'
export default hero
`

describe.each(Object.entries(TYPESCRIPTS))('%s', (_, typescript) => {
  it('knows the imports, and refuses a wrong type, and a query that no source has', async () => {
    const project = await makeTypedProject({ 'main.ts': MAIN })
    await runTypes(project)
    await project.write({ 'wrong.ts': WRONG, 'unknown.ts': UNKNOWN })

    const { code, stdout } = await runTsc(project, typescript)

    expect(code).not.toBe(0)
    expect(stdout.split('\n').filter((line) => line.includes('error'))).toEqual([
      expect.stringContaining('unknown.ts(1,18): error TS2307'),
      expect.stringContaining('wrong.ts(2,14): error TS2322'),
    ])
  })

  it('knows queries that end in `meshy` by the types of the package, beside the generated ones', async () => {
    const last = `import hero from './hero.png?pbr&poly=300&meshy'\nexport const url: string = hero.url\n`
    const wrong = `import { url } from './hero.png?pbr&poly=300&meshy'\nexport const n: number = url\n`
    const plain = `import { url } from './hero.png?meshy'\nexport const n: number = url\n`
    const loud = `import { url } from './photo.JPG?meshy'\nimport icon from './ICON.PNG?meshy'\nexport const all: string[] = [url, String(icon)]\n`
    const project = await makeTypedProject({ 'main.ts': MAIN, 'last.ts': last })
    await runTypes(project)
    await project.write({ 'loud.ts': loud, 'env.d.ts': '/// <reference types="unplugin-meshy/client" />\n' })

    expect(await runTsc(project, typescript)).toMatchObject({ code: 0, stdout: '' })

    await project.write({ 'meshy-env.d.ts': '', 'main.ts': '', 'wrong.ts': wrong, 'plain.ts': plain })
    const { stdout } = await runTsc(project, typescript)

    expect(stdout.match(/\w+\.ts\(2,14\): error TS\d+/g)).toEqual([
      'plain.ts(2,14): error TS2322',
      'wrong.ts(2,14): error TS2322',
    ])
  })
})

describe('one build', () => {
  it('declares what `unplugin-meshy types` alone does', async () => {
    const project = await makeTypedProject({ 'src/main.ts': MAIN.replaceAll('./hero', '../hero') })
    const declared = () => readFile(path.join(project.root, 'meshy-env.d.ts'), 'utf8')
    await runTypes(project)
    const alone = await declared()
    await rm(path.join(project.root, 'meshy-env.d.ts'))

    await build('Vite 8', project, { meshy: paying(await emulate()), entry: 'src/main.ts' })

    expect(await declared()).toBe(alone)
    expect(await runTsc(project, TYPESCRIPTS['TypeScript 7'])).toMatchObject({ code: 0, stdout: '' })
  })
})

async function makeTypedProject(files: Record<string, string>): Promise<Project> {
  const project = await makeProject({ files: { 'tsconfig.json': TSCONFIG, ...files } })
  await installTypes(project)
  return project
}

async function runTypes(project: Project): Promise<void> {
  await mustSucceed(project.run(process.execPath, [COMPILED.cli, 'types']))
}
