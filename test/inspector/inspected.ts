import { request as httpRequest } from 'node:http'
import { networkInterfaces } from 'node:os'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import type { Options } from '../../src/index.ts'
import type { InspectedModel, Inspection } from '../../src/inspector/model.ts'
import { startDev, type DevServer } from '../bundlers/dev-server.ts'
import { emulate, makeProject, paying, type ViteName } from '../bundlers/harness.ts'
import type { Project } from '../support/project.ts'

/** An address of this machine that is not its loopback, where it has one. */
export const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface Inspected {
  emulator: RunningEmulator
  project: Project
  dev: DevServer
  /** Of the server, as this visitor names it. */
  url: string
  /** A request below `/__meshy/`, with headers that `fetch` does not let one choose. */
  ask(
    path: string,
    init?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Reply>
  inspection(): Promise<Inspection>
  model(image: string): Promise<InspectedModel>
  /** The token in the page; empty for who gets none. */
  token(): Promise<string>
}

export interface InspectedInit {
  vite?: ViteName
  files?: Record<string, string>
  pictures?: Record<string, string>
  emulator?: StartOptions
  options?: Options
  server?: object
  base?: string
}

export const HERO = { 'main.js': `import hero from './hero.png?meshy&poly=900'\nconsole.log(hero)\n` }

/** A dev server in `ask` whose page at `/__meshy/` is looked at. */
export async function inspectDev(init: InspectedInit = {}): Promise<Inspected> {
  const { files = HERO, pictures = {} } = init
  const emulator = await emulate(init.emulator)
  return inspectProject({ emulator, project: await makeProject({ files, pictures }) }, init)
}

/** Another server of a project that is there already. */
export async function inspectProject(
  { emulator, project }: Pick<Inspected, 'emulator' | 'project'>,
  init: Pick<InspectedInit, 'vite' | 'options' | 'server' | 'base'> = {},
): Promise<Inspected> {
  const { vite = 'Vite 8', server = {}, base = '/' } = init
  const dev = await startDev(vite, project, {
    meshy: { ...paying(emulator), mode: 'ask', ...init.options },
    config: { server, base },
  })
  return inspectAt(dev.url, { emulator, project, dev })
}

/** A server as a visitor of one of its addresses sees it. */
export function inspectAt(
  url: string,
  { emulator, project, dev }: Pick<Inspected, 'emulator' | 'project' | 'dev'>,
): Inspected {
  const ask: Inspected['ask'] = (path, options = {}) => send(new URL(`/__meshy/${path}`, url), options)
  const inspection = async () => JSON.parse((await ask('assets.json')).body) as Inspection
  return {
    emulator,
    project,
    dev,
    url,
    ask,
    inspection,
    model: async (image) => {
      const found = (await inspection()).models.find((model) => model.image === image)
      if (!found) throw new Error(`There is no ${image}`)
      return found
    },
    token: async () => /name="meshy-token" content="([\w-]+)"/.exec((await ask('')).body)?.[1] ?? '',
  }
}

function send(
  url: URL,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Loads modules as a browser does, with the models that they import. */
export async function loadModules({ dev }: Pick<Inspected, 'dev'>, ...modules: string[]): Promise<void> {
  for (const module of modules) {
    const code = await dev.text(module)
    const ids = [...code.matchAll(/from "(\/[^"]*meshy=[^"]*)"/g)].map(([, id]) => id ?? '')
    await Promise.all(ids.map((id) => fetch(new URL(id, dev.url))))
  }
}

/** Presses a button of the page, as the page does. */
export async function pressButton(
  { ask, token, url }: Inspected,
  action: 'generate' | 'retry',
  keys: string[],
): Promise<Reply> {
  const headers = { origin: url, 'x-meshy-token': await token(), 'content-type': 'application/json' }
  return ask(action, { method: 'POST', headers, body: JSON.stringify({ keys }) })
}
