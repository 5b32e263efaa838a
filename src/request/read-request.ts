import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { deriveDirectives, type WantedDerivation } from './derive-directives.ts'
import type { Directive } from './directive.ts'
import {
  type Directives,
  isApiDirective,
  directiveNames,
  directiveOf,
  type AnyDirectiveName,
} from './directives.ts'
import { differingParams, fingerprint, type Hasher } from './fingerprint.ts'
import { wantedRoles } from './files.ts'
import type { ImageReader } from './images.ts'
import type { CanonicalRequest, ImageDigest, Request, SourceImage, TextureImage } from './request.ts'
import { retiredChoice, requestWarnings } from './models.ts'
import type { Params, ParamValue } from './param-value.ts'
import { kindOfImages } from './task-kinds.ts'

interface RequestSource {
  /** Absolute path of the imported file, an image or a recipe. Views and texture images are relative to it. */
  file: string
  /** Absolute path of the first image, if a recipe is imported. */
  image?: string | undefined
  /** Effective directives; see `resolveDirectives`. */
  directives: Directives
  /** Whether the API is an emulator. */
  emulated: boolean
  images: ImageReader
  hasher: Hasher
  signal?: AbortSignal | undefined
}

const EXTENSION = /(?:\.meshy\.json|\.[^.]+)$/i
const URL_SCHEME = /^[a-z][a-z\d+.-]+:/i

/**
 * Reads the images of an import and creates the request, with its key.
 *
 * @throws {MeshyError} MESHY_IMAGE_NOT_FOUND, MESHY_IMAGE_INVALID, MESHY_DIRECTIVE_INVALID
 */
export async function readRequest(source: RequestSource): Promise<Request> {
  const { file, directives, hasher } = source
  const imageFile = source.image ?? file
  const images = await Promise.all(
    [imageFile, ...(directives.views ?? []).map((view) => beside(file, view))].map((image) =>
      source.images.read(image, source.signal),
    ),
  )
  const textureImages = await readTextureImages(source)
  const params = createParams(directives)
  const canonical = canonicalRequest(source, { images, textureImages, params })
  return {
    key: fingerprint(canonical, hasher),
    name: path.basename(file).replace(EXTENSION, ''),
    imageName: path.basename(imageFile),
    images,
    textureImages,
    params,
    canonical,
    wanted: wantedRoles(directives),
    derivation: derivationIn(directives),
    lods: directives.lods ?? [],
    limits: { maxBytes: directives['max-bytes'], maxTriangles: directives['max-triangles'] },
    retired: retiredChoice(directives),
    warnings: requestWarnings(directives),
    unchecked: Object.keys(directives).filter(isApiDirective),
  }
}

function derivationIn(directives: Directives): WantedDerivation {
  const fields = Object.entries<Directive>(deriveDirectives).flatMap(([name, { derives }]) =>
    derives === undefined ? [] : [[derives, directives[name as keyof typeof deriveDirectives]]],
  )
  // Object.fromEntries loses the type of the names.
  return Object.fromEntries(fields) as WantedDerivation
}

interface Parts {
  images: SourceImage[]
  textureImages: TextureImage[]
  params: Params
}

function canonicalRequest(source: RequestSource, { images, textureImages, params }: Parts): CanonicalRequest {
  return {
    kind: kindOfImages(images.length),
    images: images.map(digestOf),
    textureImages: textureImages.map((image) => ('url' in image ? { url: image.url } : digestOf(image))),
    params: differingParams(decidingParams(params)),
    take: source.directives.take ?? 1,
    emulated: source.emulated,
  }
}

function digestOf({ hash, bytes, sha256 }: SourceImage): ImageDigest {
  return { hash, bytes, sha256 }
}

async function readTextureImages({
  file,
  directives,
  images,
  signal,
}: RequestSource): Promise<TextureImage[]> {
  const single = directives['texture-image']
  const named = directives.texture_image_urls ?? (single === undefined ? [] : [single])
  return Promise.all(
    named.map((name) => (isUrl(name) ? { url: name } : images.read(beside(file, name), signal))),
  )
}

/** Whether a texture image is a public URL, which the service fetches by itself. */
function isUrl(name: string): boolean {
  // A single letter before a colon is a Windows drive.
  if (!URL_SCHEME.test(name)) return false
  if (/^https:/i.test(name) && URL.canParse(name)) return true
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `The texture image \`${name}\` is a URL; expected an https URL or a path.`,
    hint: 'Put the image next to the imported one and use its path.',
  })
}

function beside(file: string, name: string): string {
  return path.resolve(path.dirname(file), name)
}

/** What is always sent, because the service's own defaults change. */
const SPELLED_OUT: Params = {
  ai_model: 'latest',
  topology: 'triangle',
  target_polycount: 30_000,
  symmetry_mode: 'auto',
  should_remesh: true,
  save_pre_remeshed_model: false,
  should_texture: true,
  enable_pbr: false,
  pose_mode: '',
  moderation: false,
}

/**
 * The API parameters for effective directives: all that we rely on, spelled out, and the later ones that were
 * requested. Parameters that another one makes meaningless are left out. Images are separate.
 */
function createParams(directives: Directives): Params {
  const asked = askedParams(directives)
  const params: Params = { ...SPELLED_OUT, ...asked }
  for (const name of meaninglessParams(params)) {
    if (!(name in asked)) delete params[name]
  }
  if (params['should_texture'] === false) delete params['enable_pbr']
  // `latest` does not belong to that family: the service picks a model if none is named.
  if (params['model_type'] === 'smart-topology' && params['ai_model'] === 'latest') delete params['ai_model']
  return params
}

/** The parameters that decide the bytes. */
function decidingParams(params: Params): Params {
  const aside = new Set(
    directiveNames.map(directiveOf).flatMap(({ isAside, param }) => (isAside && param ? param : [])),
  )
  return Object.fromEntries(Object.entries(params).filter(([name]) => !aside.has(name)))
}

function askedParams(directives: Directives): Params {
  const params: Params = {}
  for (const [name, value] of Object.entries(directives)) {
    const { param, holdsImages } = directiveOf(name as AnyDirectiveName)
    // The schemas of the table allow nothing else.
    if (param && !holdsImages) params[param] = value as ParamValue
  }
  return params
}

function meaninglessParams(params: Params): string[] {
  const names: string[] = []
  if (params['should_remesh'] === false) names.push('topology', 'target_polycount', 'save_pre_remeshed_model')
  if (params['decimation_mode'] !== undefined) names.push('target_polycount')
  if (params['is_a_t_pose'] === true) names.push('pose_mode')
  if ((params['model_type'] ?? 'standard') !== 'standard') {
    names.push('topology', 'target_polycount', 'should_remesh', 'save_pre_remeshed_model')
  }
  return names
}
