import { readFile } from 'node:fs/promises'
import { MeshyError, type ImportSite } from '../../system/errors.ts'
import { formatBytes } from '../../system/format.ts'
import type { Request } from '../../request/request.ts'
import type { Asset } from '../asset.ts'
import type { RunPorts } from '../context.ts'

/**
 * Checks an emitted model against `maxBytes` and `maxTriangles`, of its import or of the options, and names the
 * directive that helps most. Warns, or fails if `oversize` is `error`.
 *
 * @throws {MeshyError} MESHY_OUTPUT_TOO_LARGE
 */
export async function checkSize(
  { options, reporter: { notices } }: Pick<RunPorts, 'options' | 'reporter'>,
  request: Request,
  { asset, site }: { asset: Asset; site: () => Promise<ImportSite> },
): Promise<void> {
  const { metadata } = asset
  // What is shown in the meantime is not what will be emitted.
  if (metadata.state !== 'ready' || asset.isProvisional) return
  const { maxBytes = options.maxBytes, maxTriangles = options.maxTriangles } = request.limits
  const faults = [
    ...(isOver(metadata.bytes, maxBytes)
      ? [`${formatBytes(metadata.bytes)} (\`maxBytes\`: ${formatBytes(maxBytes)})`]
      : []),
    ...(isOver(metadata.triangles, maxTriangles)
      ? [`${metadata.triangles} triangles (\`maxTriangles\`: ${maxTriangles})`]
      : []),
  ]
  if (faults.length === 0) return
  const help = isOver(metadata.triangles, maxTriangles)
    ? simplifyTo(maxTriangles, request)
    : await directiveForBytes(request, asset)
  const message = `\`${request.imageName}\` has ${faults.join(' and ')}.`
  const hint = help
    ? `${adviceOf(help, request)}, which is free, or raise the limit.`
    : 'Raise the limit: the import already has every directive that makes models smaller.'
  if (options.oversize === 'error') {
    throw new MeshyError('MESHY_OUTPUT_TOO_LARGE', { message, hint, details: { help: help && spell(help) } })
  }
  notices.once(`${message} ${hint}`, await site())
}

function isOver(value: number, limit: number | undefined): limit is number {
  return limit !== undefined && value > limit
}

/** A directive that would help, and the field of what an import derives that holds its value. */
interface Help {
  name: string
  field: keyof Request['derivation']
  value: string | number | true
}

/** Most of a model as it comes is textures; once they are small, it is triangles. */
async function directiveForBytes(request: Request, { files, metadata }: Asset): Promise<Help | undefined> {
  const { optimize, textureSize, compress } = request.derivation
  if (!optimize) return { name: 'optimize', field: 'optimize', value: true }
  const [glb] = files
  const textureBytes = glb ? await measureTextures(glb.path) : 0
  const size = textureSize ?? 2048
  if (textureBytes > metadata.bytes / 2 && size > 256) {
    return { name: 'texture-size', field: 'textureSize', value: Math.ceil(size / 2) }
  }
  if (compress === 'none') return { name: 'compress', field: 'compress', value: 'meshopt' }
  return metadata.triangles > 1000 ? simplifyTo(Math.round(metadata.triangles / 2), request) : undefined
}

/** No model has fewer; the directive accepts no less. */
const FEWEST_TRIANGLES = 4

/** Undefined if the import already asks for as few, which its shape did not allow. */
function simplifyTo(limit: number, { derivation: { simplify } }: Request): Help | undefined {
  const triangles = Math.max(limit, FEWEST_TRIANGLES)
  if (typeof simplify === 'number' && simplify <= triangles) return undefined
  return { name: 'simplify', field: 'simplify', value: triangles }
}

function spell({ name, value }: Help): string {
  return value === true ? name : `${name}=${value}`
}

function adviceOf(help: Help, { derivation }: Request): string {
  const { name, field, value } = help
  if (derivation[field] === undefined) return `Add \`${spell(help)}\` to the import`
  return value === true ? `Replace \`no-${name}\` with \`${name}\`` : `Change \`${name}\` to ${value}`
}

async function measureTextures(file: string): Promise<number> {
  const { readGlb } = await import('../../glb/read.ts')
  const { json } = readGlb(await readFile(file))
  const { images = [] } = json
  return images.reduce(
    (sum, { bufferView = -1 }) => sum + (json.bufferViews?.[bufferView]?.byteLength ?? 0),
    0,
  )
}
