import { describe, expect, it } from 'vitest'
import { startDev, type DevServer } from './dev-server.ts'
import { emulate, entryOf, makeProject, VITES } from './harness.ts'

/** So many that none waits for its mesh. */
const COUNT = 6
const NAMES = Array.from({ length: COUNT }, (_, index) => `m${index}`)
const FILES = Object.fromEntries(
  NAMES.map((name, index) => [`${name}.js`, entryOf(`./hero.png?meshy&poly=${900 + index}`)]),
)

describe.each(VITES)('a stand-in that %s served as a card', (vite) => {
  it('is the mesh on the next load, and no open page is told', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: { baseUrl: emulator.url, apiKey: emulator.apiKey } })

    const cards = await load(dev)
    const etags = await Promise.all(cards.map(({ moduleUrl }) => etagOf(dev, moduleUrl)))
    await expect.poll(() => kindsOf(dev), { timeout: 60_000, interval: 200 }).toEqual(new Set(['mesh']))
    const meshes = await load(dev)

    for (const { url } of cards) expect(url).toMatch(/\/card\/hero\.glb$/)
    for (const [index, { metadata, glb }] of meshes.entries()) {
      expect(metadata).toMatchObject({ state: 'preview', key: cards[index]?.metadata.key })
      expect(metadata.triangles).toBeGreaterThan(cards[index]?.metadata.triangles ?? Infinity)
      expect(glb.length).toBe(metadata.bytes)
    }
    // A browser asks whether what it has is still right.
    for (const [index, { moduleUrl }] of cards.entries()) {
      const answer = await fetch(new URL(moduleUrl, dev.url), {
        headers: { 'if-none-match': etags[index] ?? '' },
      })
      expect(answer.status).toBe(200)
    }
    dev.server.ws.send({ type: 'custom', event: 'last' })
    await dev.message('custom')
    expect(dev.messageTypes.filter((type) => type === 'full-reload' || type === 'update')).toEqual([])
    expect(emulator.counts.total).toBe(0)
  })
})

function load(dev: DevServer) {
  return Promise.all(NAMES.map((name) => dev.model(`/${name}.js`)))
}

async function etagOf({ url }: DevServer, moduleUrl: string): Promise<string | undefined> {
  const answer = await fetch(new URL(moduleUrl, url))
  await answer.text()
  return answer.headers.get('etag') ?? undefined
}

async function kindsOf(dev: DevServer): Promise<Set<string | undefined>> {
  const models = await load(dev)
  return new Set(models.map(({ url }) => /\/(card|mesh)\/hero\.glb$/.exec(url)?.[1]))
}
