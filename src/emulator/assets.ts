import type { Hono } from 'hono'
import { ApiError, taskNotFound, breakOff, type Connection } from './wire.ts'
import type { Fault } from './fault.ts'
import type { AssetRole } from './model-maker.ts'
import type { EmulatorEnv, EmulatorState } from './state.ts'
import { TEXTURE_IMAGE_FILE } from './task-view.ts'
import type { Task } from './task-store.ts'

/** The files of tasks, as another origin serves them: no key, but a signature that expires. */
export function addAssetRoute(app: Hono<EmulatorEnv>, state: EmulatorState): void {
  const made = new WeakMap<Task, Map<string, Promise<Uint8Array>>>()

  app.get('/emulator/tasks/:id/output/:file', async (context) => {
    const url = new URL(context.req.url)
    const { connection, fault } = context.env
    if (fault?.kind === 'expiredUrl' || !state.urls.isValid(url, state.now())) {
      throw new ApiError(403, 'Access denied: the URL has expired or is not signed')
    }
    const { id, file: name } = context.req.param()
    const task = state.tasks.list().find((task) => task.id === id)
    if (!task) throw taskNotFound()
    const file: AssetFile = { name, url, bytes: await once(task, name) }
    return serveFaulty(file, fault, connection) ?? serve(file)
  })

  /** Makes each file once, when it is first requested; a failure is not remembered. */
  function once(task: Task, name: string): Promise<Uint8Array> {
    const files = made.get(task) ?? new Map<string, Promise<Uint8Array>>()
    made.set(task, files)
    const known = files.get(name)
    if (known) return known
    const making = makeFile(state, task, name)
    files.set(name, making)
    making.catch(() => files.delete(name))
    return making
  }
}

async function makeFile({ options }: EmulatorState, task: Task, name: string): Promise<Uint8Array> {
  if (name === TEXTURE_IMAGE_FILE && task.textureImage) return task.textureImage.bytes
  const role = Object.entries(task.assets).find(([, file]) => file === name)?.[0]
  if (role === undefined) throw new ApiError(404, 'File not found')
  // Object.entries loses the type of the names.
  return options.maker.make(task.model, role as AssetRole)
}

const TYPES: Record<string, string> = {
  glb: 'model/gltf-binary',
  obj: 'text/plain',
  mtl: 'text/plain',
  png: 'image/png',
  jpg: 'image/jpeg',
  usdz: 'model/vnd.usdz+zip',
  stl: 'model/stl',
  '3mf': 'model/3mf',
}

function serve({ name, bytes }: AssetFile): Response {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  // A copy, because a body must not be in shared memory.
  return new Response(Uint8Array.from(bytes), {
    headers: { 'content-type': type, 'content-length': String(bytes.length) },
  })
}

interface AssetFile {
  name: string
  bytes: Uint8Array
  url: URL
}

/** What is served instead of a file, if its fault says so. */
function serveFaulty(file: AssetFile, fault: Fault | undefined, connection: Connection) {
  if (fault?.kind === 'truncatedAsset') return new Response(firstHalf(file))
  if (fault?.kind === 'assetReset') return brokenOff(file, connection)
  if (fault?.kind === 'htmlAsset') return html('<!DOCTYPE html><title>Welcome to this network</title>')
  if (fault?.kind === 'wrongTypeAsset') return wrongType(file)
  if (fault?.kind === 'assetRedirect') return redirect(file, fault.to)
  return undefined
}

function firstHalf({ bytes }: AssetFile): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes.subarray(0, Math.ceil(bytes.length / 2)))
}

function brokenOff(file: AssetFile, connection: Connection): Response {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(firstHalf(file))
      await breakOff(controller, connection)
    },
  })
  return new Response(body, { headers: { 'content-length': String(file.bytes.length) } })
}

function html(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/html' } })
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

function wrongType({ name, bytes }: AssetFile): Response {
  if (!name.endsWith('.glb')) return Response.json({ message: 'not here' })
  const picture = Uint8Array.from([...PNG_SIGNATURE, ...bytes.subarray(PNG_SIGNATURE.length)])
  return new Response(picture, { headers: { 'content-type': 'image/png' } })
}

/** By default to the same file once more, so that the copy behind the redirect can be fetched. */
function redirect({ url }: AssetFile, to: string | undefined): Response {
  const location = new URL(to ?? url.href, url)
  return new Response(null, { status: 302, headers: { location: location.href } })
}
