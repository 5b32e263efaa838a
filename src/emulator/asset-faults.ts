import type { Connection } from './connection.ts'
import { breakOff } from './event-stream.ts'
import type { Fault } from './fault.ts'

export interface AssetFile {
  name: string
  bytes: Uint8Array
  url: URL
}

/** What is served in place of a file, when its fault says so. */
export function serveFaulty(
  file: AssetFile,
  fault: Fault | undefined,
  connection: Connection,
): Response | undefined {
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

/** By default to the same file once more, so that the copy behind the redirect can be had. */
function redirect({ url }: AssetFile, to: string | undefined): Response {
  const location = new URL(to ?? url.href, url)
  return new Response(null, { status: 302, headers: { location: location.href } })
}
