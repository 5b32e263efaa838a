import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Inspection } from '../../src/inspector/model.ts'
import type { Project } from '../support/project.ts'
import { startDev } from './dev-server.ts'
import { build, BUNDLERS, emulate, failBuild, makeProject, paying, VITES } from './harness.ts'

const NAME = 'left-pad-3d'
/** A package with imports of its own, and an entry of the project that uses it. */
const FILES = {
  'package.json': { name: 'app', private: true },
  'main.js': `export { default } from './node_modules/${NAME}/index.js'\n`,
  [`node_modules/${NAME}/package.json`]: { name: NAME, version: '1.0.1', main: 'index.js', type: 'module' },
  [`node_modules/${NAME}/index.js`]:
    "import a from './x.png?meshy'\nimport b from './x.png?meshy&take=2'\nexport default [a, b]\n",
}
const PICTURES = { [`node_modules/${NAME}/x.png`]: 'chair.png' }

describe.each(BUNDLERS)('a dependency in a build with %s', (bundler) => {
  it('spends nothing by itself, and is named with its price and what would allow it', async () => {
    const emulator = await emulate()
    const own = `import hero from './hero.png?meshy'\nexport { hero }\n`
    const files = { ...FILES, 'main.js': `${own}${FILES['main.js']}` }
    const project = await makeProject({ files, pictures: PICTURES })

    const { message } = await failBuild(bundler, project, { meshy: paying(emulator) })

    expect(message).toMatch(/`left-pad-3d` .* costs 30 credits/)
    expect(message).toContain("allow: ['left-pad-3d']")
    expect(message).toContain('[MESHY_IMPORT_NOT_ALLOWED]')
    expect(emulator.counts.posts).toBe(0)
  })

  it('spends where it is allowed, and then is served from what is pinned', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: PICTURES })

    await build(bundler, project, { meshy: paying(emulator, { allow: [NAME] }) })
    const { files } = await build(bundler, project, { meshy: { ...paying(emulator), mode: 'frozen' } })

    expect(emulator.counts.posts).toBe(2)
    expect([...files.keys()].filter((name) => name.endsWith('.glb'))).not.toEqual([])
  })

  it.each(['views', 'texture-image'])('uploads no file of the machine by `%s`', async (directive) => {
    const emulator = await emulate()
    const elsewhere = await makeProject()
    const secret = path.join(elsewhere.root, 'hero.png')
    const files = {
      ...FILES,
      [`node_modules/${NAME}/index.js`]: `export { default } from './x.png?meshy&${directive}=${secret}'\n`,
    }
    const project = await makeProject({ files, pictures: PICTURES })

    const { message } = await failBuild(bundler, project, { meshy: paying(emulator, { allow: [NAME] }) })

    expect(message).toContain('[MESHY_FILE_OUTSIDE]')
    expect(emulator.counts.posts).toBe(0)
  })

  it('is the project itself as a linked package of its workspace', async () => {
    const emulator = await emulate()
    const project = await linkedProject('packages/ui')

    await build(bundler, project, { meshy: paying(emulator) })

    expect(emulator.counts.posts).toBe(1)
  })

  it('is one that is linked from elsewhere, or out of the store of pnpm', async () => {
    const emulator = await emulate()
    const store = await linkedProject('node_modules/.pnpm/ui@1/node_modules/ui')

    const { message } = await failBuild(bundler, store, { meshy: paying(emulator) })

    expect(message).toContain("allow: ['ui']")
  })
})

describe.each(BUNDLERS)('a picture in a build with %s', (bundler) => {
  it.each([
    ['a link out of the workspace', "export { default } from './link.png?meshy'\n"],
    ['a view by such a link', "export { default } from './hero.png?meshy&views=./link.png'\n"],
    ['a recipe that names such a link', "export { default } from './linked.meshy.json?meshy'\n"],
    ['a recipe that climbs out', "export { default } from './climbing.meshy.json?meshy'\n"],
  ])('is refused by name: %s', async (_, main) => {
    const emulator = await emulate()
    const elsewhere = await makeProject()
    const secret = path.join(elsewhere.root, 'hero.png')
    const project = await makeProject({
      files: {
        'main.js': main,
        'linked.meshy.json': { images: ['./hero.png', './link.png'] },
        'climbing.meshy.json': { image: `../${path.basename(elsewhere.root)}/hero.png` },
      },
    })
    await symlink(secret, path.join(project.root, 'link.png'))

    const { message } = await failBuild(bundler, project, { meshy: paying(emulator) })

    expect(message).toContain('[MESHY_FILE_OUTSIDE]')
    expect(emulator.counts.posts).toBe(0)
  })
})

describe.each(VITES)('a dependency in a dev server of %s', (vite) => {
  it('shows a stand-in, is told of, and is not asked about', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: PICTURES })
    const dev = await startDev(vite, project, { meshy: { ...paying(emulator), mode: 'ask' } })

    const { metadata } = await dev.model(`/node_modules/${NAME}/index.js`)
    await dev.told(/allow: \['left-pad-3d'\]/)

    expect(metadata.state).toBe('preview')
    const { models } = JSON.parse(await dev.text('/__meshy/assets.json')) as Inspection
    expect(models.map(({ isAsked }) => isAsked)).not.toContain(true)
    expect(emulator.counts.posts).toBe(0)
  })

  it('gets no picture that the server itself would not give out', async () => {
    const emulator = await emulate()
    const files = {
      'app/main.js': "export { default } from './hero.png?meshy&views=../private/side.png'\n",
      'package.json': {},
    }
    const project = await makeProject({
      files,
      pictures: { 'app/hero.png': 'car.png', 'private/side.png': 'car.png' },
    })
    const root = path.join(project.root, 'app')
    const dev = await startDev(
      vite,
      { ...project, root },
      {
        meshy: { ...paying(emulator), mode: 'ask' },
        config: { server: { fs: { allow: [root] } } },
      },
    )

    await expect(dev.model()).rejects.toThrow('server.fs.allow')
  })
})

/** A project with a package that stands in a folder of it, and is linked into `node_modules`. */
async function linkedProject(folder: string): Promise<Project> {
  const project = await makeProject({
    files: {
      'package.json': { name: 'app', private: true, workspaces: ['packages/*'] },
      'main.js': "export { default } from './node_modules/ui/index.js'\n",
      [`${folder}/package.json`]: { name: 'ui', version: '1.0.0', type: 'module' },
      [`${folder}/index.js`]: "export { default } from './x.png?meshy'\n",
    },
    pictures: { [`${folder}/x.png`]: 'chair.png' },
  })
  await mkdir(path.join(project.root, 'node_modules'), { recursive: true })
  await symlink(path.join(project.root, folder), path.join(project.root, 'node_modules/ui'))
  return project
}
