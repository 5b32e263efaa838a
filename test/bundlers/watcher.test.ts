import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { COMPILED } from '../support/compiled.ts'
import { startDev } from './dev-server.ts'
import { emulate, entryOf, makeProject, paying, VITES } from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy'), 'notes/a.txt': 'a', 'src/b.txt': 'b' }

describe.each(VITES)('the watcher of %s', (vite) => {
  it('is kept off the cache, but for the state of its models', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const config = { server: { watch: { ignored: '**/notes/**' } } }
    const dev = await startDev(vite, project, { meshy: paying(emulator), config })
    await dev.model()
    await dev.told(/hero\.png is ready/)

    await expect.poll(() => watchedFolders(dev, project.root), { timeout: 30_000 }).toContain('.meshy/state')

    const folders = watchedFolders(dev, project.root)
    expect(folders).toContain('src')
    expect(folders.filter((folder) => /^notes|^\.meshy\/(?!state$)/.test(folder))).toEqual([])
  })

  it('follows the options of the project', async () => {
    const plugin = pathToFileURL(COMPILED.vite).href
    const project = await makeProject({
      files: {
        ...FILES,
        // Vite bundles what a config imports, but for what it cannot know.
        'vite.config.mjs': `const plugin = ${JSON.stringify(plugin)}
          const { default: meshy } = await import(plugin)
          export default { plugins: [meshy()] }`,
        'meshy.config.json': { mode: 'preview', defaults: { poly: 500 } },
      },
    })
    const config = { configFile: path.join(project.root, 'vite.config.mjs') }
    const dev = await startDev(vite, project, { config })
    const before = await dev.model()

    await project.write({ 'meshy.config.json': { mode: 'preview', defaults: { poly: 600 } } })
    await dev.told(/meshy\.config\.json changed, restarting server/)
    await dev.told(/server restarted/)

    const { key } = (await dev.model()).metadata
    expect(key).not.toBe(before.metadata.key)
  })

  it('stays off when it is switched off', async () => {
    const project = await makeProject({ files: FILES })
    const config = { server: { watch: null } }
    const dev = await startDev(vite, project, { meshy: { mode: 'preview' }, config })

    expect((await dev.model()).metadata.state).toBe('preview')
    expect(watchedFolders(dev, project.root)).toEqual([])
  })
})

function watchedFolders({ server }: Awaited<ReturnType<typeof startDev>>, root: string): string[] {
  return Object.keys(server.watcher.getWatched())
    .map((folder) => path.relative(root, folder).replaceAll('\\', '/'))
    .filter((folder) => folder !== '' && !folder.startsWith('..'))
}
