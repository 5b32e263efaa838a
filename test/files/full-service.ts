import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RunningEmulator } from '../../src/emulator.ts'
import { bytesOf } from '../../src/system/transfer.ts'
import { listen } from '../support/listen.ts'

/** The emulated service with files of every kind: it makes neither FBX nor USDZ by itself. */
export interface FullService {
  url: string
  apiKey: string
  emulator: RunningEmulator
  /** Kind → bytes as they are served from now on. */
  files: Record<string, Buffer>
  /** The bytes of a file of the only task, as it is served: `glb`, `obj`, `base_color`, `thumbnail`. */
  served(kind: string): Promise<Buffer>
}

/** Puts a door before an emulator that adds files to every finished task. */
export async function startFullService(emulator: RunningEmulator): Promise<FullService> {
  const url = await listen((request, response) => void answer(request, response))
  const files: FullService['files'] = { fbx: makeFbx(), usdz: await makeUsdz() }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/', headers } = request
    const kind = /^\/files\/model\.(\w+)$/.exec(target)?.[1]
    if (kind) return void response.end(files[kind])
    const body = await readBody(request)
    const upstream = await emulator.fetch(
      new Request(`${emulator.url}${target}`, {
        method,
        headers: { authorization: headers.authorization ?? '', accept: headers.accept ?? '*/*', 'content-type': 'application/json' }, // prettier-ignore
        ...(body.length > 0 && { body }),
      }),
    )
    const fields = Object.fromEntries(upstream.headers)
    delete fields['content-length']
    response.writeHead(upstream.status, fields)
    for await (const chunk of bytesOf(upstream)) response.write(withFiles(Buffer.from(chunk).toString()))
    response.end()
  }

  /** Works for answers and for events of a stream, each of which is one chunk. */
  function withFiles(text: string): string {
    const urls = Object.keys(files).map((kind) => `,"${kind}":"${url}/files/model.${kind}"`)
    // Behind those of the emulator, so that these are the ones that count.
    return text.replace(/("model_urls":\{"glb"[^}]*)\}/g, (_, own: string) => `${own}${urls.join('')}}`)
  }

  return { url, apiKey: emulator.apiKey, emulator, files, served: (kind) => served(emulator, kind) }
}

async function served(emulator: RunningEmulator, kind: string): Promise<Buffer> {
  const [task] = emulator.tasks()
  const maps = (task?.['texture_urls'] ?? []) as Record<string, string>[]
  const pictures = {
    ...(task?.['thumbnail_urls'] as object | undefined),
    thumbnail: task?.['thumbnail_url'],
    alpha: task?.['alpha_thumbnail_url'],
  }
  const urls = { ...(task?.['model_urls'] as object), ...maps[0], ...pictures }
  const url = (urls as Record<string, unknown>)[kind]
  if (typeof url !== 'string') throw new Error(`The task has no ${kind}`)
  return Buffer.from(await (await emulator.fetch(url)).arrayBuffer())
}

/** The header of a binary FBX of version 7.4, and an end of its one empty list of nodes. */
function makeFbx(): Buffer {
  const version = Buffer.alloc(4)
  version.writeUInt32LE(7400)
  return Buffer.concat([Buffer.from('Kaydara FBX Binary  \0\x1a\0', 'latin1'), version, Buffer.alloc(13)])
}

/** A tetrahedron as three.js exports it. */
async function makeUsdz(): Promise<Buffer> {
  const { Mesh, MeshStandardMaterial, Scene, TetrahedronGeometry } = await import('three')
  const { USDZExporter } = await import('three/examples/jsm/exporters/USDZExporter.js')
  const scene = new Scene().add(new Mesh(new TetrahedronGeometry(), new MeshStandardMaterial()))
  return Buffer.from(await new USDZExporter().parseAsync(scene))
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
