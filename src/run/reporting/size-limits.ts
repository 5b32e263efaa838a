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
    ? `simplify=${maxTriangles}`
    : await directiveForBytes(request, asset)
  const message = `\`${request.imageName}\` has ${faults.join(' and ')}.`
  const hint = help
    ? `Add \`${help}\` to the import, which is free, or raise the limit.`
    : 'Raise the limit: the import already has every directive that makes models smaller.'
  if (options.oversize === 'error') {
    throw new MeshyError('MESHY_OUTPUT_TOO_LARGE', { message, hint, details: { help } })
  }
  notices.once(`${message} ${hint}`, await site())
}

function isOver(value: number, limit: number | undefined): limit is number {
  return limit !== undefined && value > limit
}

/** Most of a model as it comes is textures; once they are small, it is triangles. */
async function directiveForBytes(
  { derivation }: Request,
  { files, metadata }: Asset,
): Promise<string | undefined> {
  const { optimize, textureSize, compress } = derivation
  if (!optimize) return 'optimize'
  const [glb] = files
  const textureBytes = glb ? await measureTextures(glb.path) : 0
  const size = textureSize ?? 2048
  if (textureBytes > metadata.bytes / 2 && size > 256) return `texture-size=${size / 2}`
  if (compress === 'none') return 'compress=meshopt'
  return metadata.triangles > 1000 ? `simplify=${Math.round(metadata.triangles / 2)}` : undefined
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
