import { describe, expect, it, onTestFinished } from 'vitest'
import { holdSubmissions, startGate } from '../support/gate.ts'
import { startDev } from './dev-server.ts'
import { emulate, entryOf, makeProject, paying, posted, VITES } from './harness.ts'

const FILES = {
  'main.js': entryOf('./hero.png?meshy&poly=900'),
  'page.js': `export * from './scene.js'\n`,
  'scene.js': `export * from './villain.js'\n`,
  'other.js': `export * from './villain.js'\n`,
  'villain.js': entryOf('./villain.png?meshy&poly=901'),
}
const NOTHING = 'export default 1\n'

describe.each(VITES)('a model that waits for a slot in a dev server of %s', (vite) => {
  it.each([
    ['its query was edited', { 'villain.js': entryOf('./villain.png?meshy&poly=902') }],
    ['its import was removed', { 'villain.js': NOTHING }],
    ['its importer is imported no more', { 'scene.js': NOTHING }],
    ['what leads to its importer is imported no more', { 'page.js': NOTHING }],
  ])('is not paid for when %s', async (_, edited) => {
    const { dev, emulator, edit, release } = await startServer()

    await edit(edited)
    release()
    await dev.told(/Nobody imports this model of `villain\.png`/)
    await dev.told(/hero\.png is ready/)

    expect(posted(emulator).map(({ body }) => body['target_polycount'])).not.toContain(901)
  })

  it('is paid for when its importer is imported by another module instead', async () => {
    const { dev, emulator, edit, release } = await startServer()

    await edit({ 'page.js': `export * from './other.js'\n` })
    release()
    await dev.told(/villain\.png is ready/)

    expect(posted(emulator).map(({ body }) => body['target_polycount'])).toEqual([900, 901])
  })

  /** A server with one slot, which the model of one page holds while that of another one waits. */
  async function startServer() {
    const emulator = await emulate()
    const gate = await startGate(emulator, onTestFinished)
    const release = holdSubmissions(gate)
    const project = await makeProject({ files: FILES, pictures: { 'villain.png': 'dragon.png' } })
    const meshy = paying({ ...emulator, url: gate.url }, { concurrency: 1 })
    const dev = await startDev(vite, project, { meshy })
    /** Fetches what a page does. */
    const open = async (url: string, seen = new Set<string>()): Promise<void> => {
      if (seen.has(url)) return
      seen.add(url)
      const imported = [...(await dev.text(url)).matchAll(/(?:from|import) "(\/[^"@]+\.(?:js|png)[^"]*)"/g)]
      for (const [, next = ''] of imported) await open(next, seen)
    }
    await open('/main.js')
    await open('/page.js')
    await dev.told(/generating .*villain\.png/)
    const edit = async (files: Record<string, string>) => {
      await project.write(files)
      await dev.message('full-reload')
      await open('/page.js')
    }
    return { dev, emulator, release, edit }
  }
})
