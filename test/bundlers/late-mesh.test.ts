import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Options } from '../../src/index.ts'
import { emoji } from '../stand-in/mesher/pictures.ts'
import { startGate } from '../support/gate.ts'
import { startDev, type DevServer } from './dev-server.ts'
import { emulate, entryOf, makeProject, paying, VITES, type ViteName } from './harness.ts'

/** So many that none waits for its mesh. */
const COUNT = 6
const NAMES = Array.from({ length: COUNT }, (_, index) => `m${index}`)
const FILES = Object.fromEntries(
  NAMES.map((name, index) => [`${name}.js`, entryOf(`./hero.png?meshy&poly=${900 + index}`)]),
)
const WAIT = { timeout: 60_000, interval: 100 }

describe.each(VITES)('a stand-in that %s served as a card', (vite) => {
  it('is the mesh on the next load, and no open page is told', async () => {
    const emulator = await emulate()
    const dev = await start(vite, { baseUrl: emulator.url, apiKey: emulator.apiKey })

    const cards = await load(dev)
    const etags = await Promise.all(cards.map(({ moduleUrl }) => etagOf(dev, moduleUrl)))
    await expect.poll(() => kindsOf(dev), WAIT).toEqual(new Set(['mesh']))
    const meshes = await load(dev)

    expect(new Set(cards.map(({ url }) => kindOf(url)))).toEqual(new Set(['card']))
    for (const [index, { metadata, glb }] of meshes.entries()) {
      expect(metadata).toMatchObject({ state: 'preview', key: cards[index]?.metadata.key })
      expect(metadata.triangles).toBeGreaterThan(cards[index]?.metadata.triangles ?? Infinity)
      expect(glb.length).toBe(metadata.bytes)
    }
    // A browser asks whether what it has is still right.
    for (const [index, { moduleUrl }] of cards.entries()) {
      const headers = { 'if-none-match': etags[index] ?? '' }
      expect((await fetch(new URL(moduleUrl, dev.url), { headers })).status).toBe(200)
    }
    dev.server.ws.send({ type: 'custom', event: 'last' })
    await dev.message('custom')
    expect(dev.messageTypes).not.toContain('full-reload')
    expect(dev.messageTypes).not.toContain('update')
    expect(emulator.counts.total).toBe(0)
  })

  it('makes way for the model when the mesh came in between and no page was loaded', async () => {
    const emulator = await emulate()
    const gate = await startGate(emulator, onTestFinished)
    let finishTasks = () => {}
    const finished = new Promise<void>((resolve) => (finishTasks = resolve))
    gate.onRequest = ({ method, path: url }) =>
      method === 'GET' && /\/image-to-3d\/[^?]/.test(url) ? finished : undefined
    const dev = await start(vite, { ...paying(emulator), baseUrl: gate.url })

    const cards = await load(dev)
    await expect.poll(() => keptBy(dev, cards), WAIT).toBe(0)
    const before = dev.messageTypes.filter((type) => type === 'full-reload')
    finishTasks()
    await dev.message('full-reload')
    await expect.poll(async () => statesOf(await load(dev)), WAIT).toEqual(new Set(['ready']))

    expect(before).toEqual([])
    expect(statesOf(cards)).toEqual(new Set(['pending']))
    expect(emulator.counts.posts).toBe(COUNT)
  })
})

async function start(vite: ViteName, meshy: Options): Promise<DevServer> {
  const project = await makeProject({ files: FILES })
  await writeFile(path.join(project.root, 'hero.png'), await emoji('mug', 96))
  return startDev(vite, project, { meshy })
}

type Models = Awaited<ReturnType<typeof load>>

function load(dev: DevServer) {
  return Promise.all(NAMES.map((name) => dev.model(`/${name}.js`)))
}

async function kindsOf(dev: DevServer): Promise<Set<string | undefined>> {
  return new Set((await load(dev)).map(({ url }) => kindOf(url)))
}

function kindOf(url: string): string | undefined {
  return /\/(card|mesh)\/hero\.glb$/.exec(url)?.[1]
}

function statesOf(models: Models): Set<string> {
  return new Set(models.map(({ metadata }) => metadata.state))
}

/** How many of these modules a server would serve as they are. */
async function keptBy({ server }: DevServer, models: Models): Promise<number> {
  const { moduleGraph } = server.environments.client
  const modules = await Promise.all(models.map(({ moduleUrl }) => moduleGraph.getModuleByUrl(moduleUrl)))
  return modules.filter((module) => module?.transformResult).length
}

async function etagOf({ url }: DevServer, moduleUrl: string): Promise<string | undefined> {
  const answer = await fetch(new URL(moduleUrl, url))
  await answer.text()
  return answer.headers.get('etag') ?? undefined
}
