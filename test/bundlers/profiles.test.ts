import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { makeCard } from '../../src/stand-in/card.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import { makePng } from '../glb/pictures.ts'
import { listen } from '../support/listen.ts'
import {
  build,
  BUNDLERS,
  emulate,
  entryOf,
  failBuild,
  makeProject,
  modelsOf,
  paying,
  readFiles,
  servedModels,
} from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy&textures&thumbnail') }
const SERVERS: [name: string, options: StartOptions][] = [
  ['has no stream', { faults: [{ kind: 'noStream' }] }],
  ['has only what the reference lists', { profile: 'reference' }],
  [
    'has only what the reference lists, and no stream',
    { profile: 'reference', faults: [{ kind: 'noStream' }] },
  ],
  ['redirects to its files', { faults: [{ kind: 'assetRedirect', nth: 1 }] }],
]

describe.each(BUNDLERS)('a build with %s', (bundler) => {
  it.each(SERVERS)('gives the model of a server that %s', async (_, options) => {
    const emulator = await emulate(options)
    const project = await makeProject({ files: FILES })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    emulator.heal()
    expect([...modelsOf(built).values()]).toEqual(await servedModels(emulator))
    expect(emulator.counts.posts).toBe(1)
    expect(keyBearers(emulator)).toEqual([])
    await expectNoKey(project.root, built.log, emulator)
  })

  it('hands the key to no other host, also behind a redirect', async () => {
    const glb = makeCard({ image: makePng(4, 2), name: 'elsewhere', textured: true })
    const elsewhere = await serveElsewhere(glb)
    const emulator = await emulate({ faults: [{ kind: 'assetRedirect', to: elsewhere.url }] })
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy') } })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    expect([...modelsOf(built).values()]).toEqual([Buffer.from(glb)])
    expect(elsewhere.requests.length).toBeGreaterThan(0)
    expect(elsewhere.requests.filter(({ headers }) => 'authorization' in headers)).toEqual([])
    expect(elsewhere.requests.map(withoutSocket).join()).not.toContain(emulator.apiKey)
    expect(keyBearers(emulator)).toEqual([])
    await expectNoKey(project.root, built.log, emulator)
  })

  it('does not follow a redirect of the API', async () => {
    const elsewhere = await serveElsewhere(new Uint8Array())
    const emulator = await emulate({ faults: [{ kind: 'redirect', to: elsewhere.url, on: 'create' }] })
    const project = await makeProject({ files: FILES })

    const error = await failBuild(bundler, project, { meshy: paying(emulator) })

    expect(error.message).toMatch(/\[MESHY_\w+\]/)
    expect(elsewhere.requests).toEqual([])
    await expectNoKey(project.root, `${error.message} ${error.stack}`, emulator)
  })
})

/** Requests for files that carried a key. */
function keyBearers({ requests, apiKey }: RunningEmulator) {
  return requests.filter(
    ({ origin, authorized, query }) => origin === 'assets' && (authorized || query.includes(apiKey)),
  )
}

/** No file of the project, be it of the output, the cache or the lockfile, and no line of output holds the key. */
async function expectNoKey(root: string, log: string, { apiKey }: RunningEmulator): Promise<void> {
  const files = await readFiles(root)
  expect([...files].filter(([, bytes]) => bytes.includes(apiKey)).map(([name]) => name)).toEqual([])
  expect(log).not.toContain(apiKey)
}

/** Another host that serves one model, whatever is asked for. */
async function serveElsewhere(glb: Uint8Array): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const url = await listen((request, answer) => {
    requests.push(request)
    answer.writeHead(200, { 'content-type': 'model/gltf-binary' }).end(glb)
  })
  return { url: `${url}/model.glb`, requests }
}

function withoutSocket({ method, url, rawHeaders }: IncomingMessage): string {
  return [method, url, ...rawHeaders].join(' ')
}
