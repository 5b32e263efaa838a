import { badRequest, type ApiError } from './wire.ts'
import { TARGET_FORMATS } from '../request/file-formats.ts'
import { fileOf } from '../request/files.ts'
import type { TaskFault } from './fault.ts'
import type { AssetNames, AssetRole, ModelInput, InputImage } from './model-maker.ts'
import { checkParameters, modelInCharge } from './parameters.ts'
import type { Profile, ResolvedEmulatorOptions, LoadImage } from './options.ts'
import type { TaskPlan } from './task-store.ts'
import { taskKinds, type TaskKind } from '../request/task-kinds.ts'
import { mimeOf } from '../request/image-format.ts'

type Body = Record<string, unknown>
type Images = ModelInput['images']

/** A create request. */
interface TaskOrder {
  kind: TaskKind
  body: Body
  /** What will go wrong with the task. */
  fault: TaskFault | undefined
}

/** Reads a create request: checks everything, fills in the defaults, and determines what the task will be. */
export async function planTask(options: ResolvedEmulatorOptions, order: TaskOrder): Promise<TaskPlan> {
  const { kind, body, fault } = order
  const images = await readImages(options, order)
  checkParameters(options.profile, kind, body)
  const textureImage = isPresent(body.texture_image_url)
    ? await readInputImage('texture_image_url', body.texture_image_url, options.loadImage)
    : undefined
  if (taskKinds[kind].isList && options.profile === 'current' && isPresent(body.texture_image_urls))
    await readList(options, TEXTURE_IMAGES, body.texture_image_urls)
  const model = modelInput(options.profile, order, images)
  const { assets, failure } = await options.maker.plan(model)
  return {
    kind,
    name: typeof body.name === 'string' ? body.name : undefined,
    texturePrompt: typeof body.texture_prompt === 'string' ? body.texture_prompt : '',
    textureImage,
    model,
    aiModel: modelInCharge(options.profile, body),
    assets: onlyAsked(assets, options.profile === 'current' ? body : undefined),
    price: priceOf(options.profile, kind, body),
    failure: fault?.kind === 'failTask' ? fault : failure,
    workMs: options.taskMs,
    stallMs: fault?.kind === 'slow99' ? fault.ms : 0,
  }
}

async function readImages(options: ResolvedEmulatorOptions, { kind, body }: TaskOrder): Promise<Images> {
  const read = (name: string, value: unknown) => readInputImage(name, value, options.loadImage)
  if (options.profile === 'current' && isPresent(body.input_task_id)) {
    throw badRequest('input_task_id does not name a succeeded image task')
  }
  const { imageParam: name, maxImages: most, isList } = taskKinds[kind]
  const given = body[name]
  if (!isPresent(given)) throw badRequest(`${name} is required`)
  return isList ? readList(options, { name, most }, given) : [await read(name, given)]
}

const TEXTURE_IMAGES = { name: 'texture_image_urls', most: 4 }

async function readList(
  { loadImage }: Pick<ResolvedEmulatorOptions, 'loadImage'>,
  { name, most }: { name: string; most: number },
  images: unknown,
): Promise<Images> {
  if (!Array.isArray(images)) throw badRequest(`${name} must be an array of strings`)
  const [front, ...others]: unknown[] = images
  if (images.length < 1 || images.length > most) throw badRequest(`${name} must hold 1 to ${most} images`)
  return [
    await readInputImage(`${name}[0]`, front, loadImage),
    ...(await Promise.all(
      others.map((image, index) => readInputImage(`${name}[${index + 1}]`, image, loadImage)),
    )),
  ]
}

function modelInput(profile: Profile, { kind, body }: TaskOrder, images: Images): ModelInput {
  // The only default that changed: newer models do not remesh unless they are told to.
  const shouldRemesh = typeof body.should_remesh === 'boolean' ? body.should_remesh : profile === 'reference'
  const shouldTexture = body.should_texture !== false
  return {
    kind,
    images,
    targetPolycount: typeof body.target_polycount === 'number' ? body.target_polycount : 30_000,
    shouldRemesh,
    savePreRemeshed: shouldRemesh && body.save_pre_remeshed_model === true,
    shouldTexture,
    enablePbr: shouldTexture && body.enable_pbr === true,
    isPosed: isPresent(body.pose_mode) || body.is_a_t_pose === true,
  }
}

/** What is made if no formats are named. */
const USUAL = TARGET_FORMATS.filter((format) => format !== '3mf')
const FORMATS_OF_THE_REFERENCE = ['glb', 'obj', 'fbx', 'usdz']

/** The part of a task's possible files that it makes. Formats and further previews came after the reference. */
function onlyAsked(assets: AssetNames, body: Body | undefined): AssetNames {
  const named = Array.isArray(body?.target_formats) ? body.target_formats : USUAL
  const formats: unknown[] = body ? named : FORMATS_OF_THE_REFERENCE
  const isMade = (role: AssetRole) => {
    const { asks } = fileOf(role)
    if (asks) return body?.[asks] === true
    const format = role === 'mtl' ? 'obj' : role
    return formats.includes(format) || !TARGET_FORMATS.some((one) => one === format)
  }
  // Object.entries loses the type of the names.
  return Object.fromEntries(Object.entries(assets).filter(([role]) => isMade(role as AssetRole)))
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** Models at the lower price, according to the reference and to the current price page. */
const CHEAP: Record<Profile, readonly string[]> = {
  reference: ['meshy-4', 'meshy-5'],
  current: ['meshy-6-lite', 'meshy-t2', 'meshy-t2.5'],
}

/** What a task costs, in credits. */
function priceOf(profile: Profile, kind: TaskKind, body: Record<string, unknown>): number {
  const model = modelInCharge(profile, body)
  const onlyCheap = profile === 'reference' && kind === 'multi-image-to-3d'
  const texturing = profile === 'current' ? (body.texture_model ?? model) : model
  const isDearlyTextured = body.should_texture !== false && !isCheap(profile, texturing)
  const mesh = onlyCheap || (isCheap(profile, model) && !isDearlyTextured) ? 5 : 20
  const texture = body.should_texture === false ? 0 : 10
  return mesh + texture + (profile === 'current' ? extras(body) : 0)
}

function isCheap(profile: Profile, model: unknown): boolean {
  return CHEAP[profile].some((cheap) => cheap === model)
}

function extras(body: Record<string, unknown>): number {
  const sharpTexture = body.should_texture !== false && body.texture_resolution === '8k' ? 5 : 0
  const fineGeometry = body.geometry_resolution === '2k' || body.geometry_resolution === '4k' ? 5 : 0
  return sharpTexture + fineGeometry
}

/** Reads an image parameter: a data URI, or a URL that `loadImage` can reach. Throws 400 otherwise. */
async function readInputImage(name: string, value: unknown, loadImage: LoadImage): Promise<InputImage> {
  if (typeof value !== 'string') throw badRequest(`${name} must be a string`)
  if (/^data:/i.test(value)) return readDataUri(name, value)
  return readUrl(name, value, loadImage)
}

const DATA_URI = /^data:(?<mime>[^;,]*)(?<parameters>(?:;[^;,]*)*),(?<data>[^]*)$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const MIMES: Record<string, InputImage['mime']> = {
  'image/png': 'image/png',
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
}

function readDataUri(name: string, value: string): InputImage {
  const { mime = '', parameters = '', data = '' } = DATA_URI.exec(value)?.groups ?? {}
  if (!/;base64$/i.test(parameters)) throw badRequest(`${name} is not a valid base64-encoded data URI`)
  const expected = MIMES[mime.toLowerCase()]
  if (!expected) throw unsupported(name)
  if (data === '' || !BASE64.test(data)) throw badRequest(`${name} is not a valid base64-encoded data URI`)
  const image = readBytes(name, Buffer.from(data, 'base64'))
  if (image.mime !== expected) throw badRequest(`${name} does not match its type ${mime}`)
  return image
}

async function readUrl(name: string, value: string, loadImage: LoadImage): Promise<InputImage> {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw badRequest(`${name} must be a publicly accessible URL or a base64-encoded data URI`)
  }
  const bytes = await loadImage(value)
  if (!bytes) throw badRequest(`${name} is not reachable`)
  return readBytes(name, bytes)
}

function readBytes(name: string, bytes: Uint8Array): InputImage {
  const mime = mimeOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!mime) throw unsupported(name)
  return { bytes, mime }
}

function unsupported(name: string): ApiError {
  return badRequest(`${name} is not an image of a supported format: .jpg, .jpeg, .png`)
}
