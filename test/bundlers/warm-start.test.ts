import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { spawnScript } from '../support/child.ts'
import { COMPILED } from '../support/compiled.ts'
import { folderOf } from '../support/imports.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const CHILD = new URL('./children/warm.ts', import.meta.url)
const TRACE = new URL('../support/trace-modules.mjs', import.meta.url)
/** What makes models, and what is shown meanwhile. */
const COLD = new Set(['generate', 'service', 'derive', 'stand-in', 'emulator'])

describe('a run where every model is ready', () => {
  const { path: dir } = useTempDir()

  async function setUp(): Promise<object> {
    const { url, apiKey } = await startService()
    await writePictures(dir(), 'hero.png')
    await writeFile(dir('main.js'), `import hero from './hero.png?meshy'\nconsole.log(hero.url)`)
    await (await openRun({ root: dir(), service: { url, apiKey } })).load('hero.png?meshy')
    return { baseUrl: url, apiKey, machineStore: false }
  }

  it.each([
    { command: 'build', mode: 'generate', says: 'built' },
    { command: 'build', mode: 'frozen', says: 'built' },
    { command: 'serve', mode: 'ask', says: 'served' },
  ])('loads nothing that makes one: $command, `$mode`', async ({ command, mode, says }) => {
    const { code, stdout, rooms } = await roomsOf(command, { ...(await setUp()), mode })

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${says}\n` })
    expect(rooms).toContain('finding')
    expect(rooms.filter((room) => COLD.has(room))).toEqual([])
  })

  it('loads it for a model that is missing', async () => {
    const options = await setUp()
    await writeFile(dir('main.js'), `import hero from './hero.png?meshy&take=2'\nconsole.log(hero.url)`)

    expect((await roomsOf('build', { ...options, mode: 'generate' })).rooms).toEqual(
      expect.arrayContaining(['generate', 'service']),
    )
  })

  /** What a program loads, by the rooms of our sources. */
  async function roomsOf(command: string, given: object) {
    const env = { NODE_OPTIONS: `--import=${TRACE.href}`, CI: '' }
    const script = spawnScript(CHILD, [dir(), command, JSON.stringify(given)], { env })
    const { code, stdout, stderr } = await script.exited
    const modules = JSON.parse(await readFile(path.join(COMPILED.folder, 'modules.json'), 'utf8'))
    const home = pathToFileURL(COMPILED.folder).href
    const chunks = [...stderr.matchAll(/^loaded (.+)$/gm)].flatMap(([, url = '']) =>
      url.startsWith(home) ? [path.relative(COMPILED.folder, fileURLToPath(url))] : [],
    )
    const sources = chunks.flatMap((chunk): string[] => modules[chunk.split(path.sep).join('/')] ?? [])
    return { code, stdout, rooms: [...new Set(sources.map(folderOf))] }
  }
})
