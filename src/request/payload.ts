import type { Request, SourceImage, TaskKind } from './request.ts'

export interface PayloadOptions {
  /** The bytes of an image as they were hashed; see `ImageReader.readBytes`. */
  bytesOf(image: SourceImage): Promise<Buffer>
  /** Whether `name` is sent, which carries the key. @default true */
  named?: boolean | undefined
}

/** What a task is created with. */
export interface Payload {
  /** The kind of task; also its path at the API. */
  kind: TaskKind
  /** JSON body. Holds the images as data URIs. */
  body: Record<string, unknown>
}

const NAME_CHARACTERS = 40
// Control characters of odd file names.
const CONTROL = /\p{Cc}+/gu
const KEY_AT_END = /\[([0-9a-f]{16})\]\s*$/

/** Makes the body of the paid request: images, every effective parameter, and the key in `name`. */
export async function createPayload(request: Request, options: PayloadOptions): Promise<Payload> {
  const { kind } = request.canonical
  const images = await inOrder(request.images, (image) => toDataUri(image, options))
  const textureImages = await inOrder(request.textureImages, (image) =>
    'url' in image ? image.url : toDataUri(image, options),
  )
  const body = {
    ...(kind === 'image-to-3d' ? { image_url: images[0] } : { image_urls: images }),
    ...textureFields(textureImages),
    ...request.params,
    ...(options.named === false ? {} : { name: taskName(request) }),
  }
  return { kind, body }
}

/** The key that the `name` of a task carries; `undefined` for a task that is not ours. */
export function keyInName(name: string): string | undefined {
  return KEY_AT_END.exec(name)?.[1]
}

function taskName({ name, key }: Request): string {
  const short = [...name.replace(CONTROL, ' ')].slice(0, NAME_CHARACTERS).join('')
  return `${short} [${key}]`
}

/** One image goes by the parameter that the reference has, also when it was asked for as a list. */
function textureFields(images: string[]): Record<string, unknown> {
  if (images.length === 0) return {}
  return images.length === 1 ? { texture_image_url: images[0] } : { texture_image_urls: images }
}

async function toDataUri(image: SourceImage, { bytesOf }: PayloadOptions): Promise<string> {
  const bytes = await bytesOf(image)
  return `data:${image.mime};base64,${bytes.toString('base64')}`
}

/** One after the other: images are large. */
async function inOrder<T, R>(items: readonly T[], make: (item: T) => R | Promise<R>): Promise<R[]> {
  const made: R[] = []
  for (const item of items) made.push(await make(item))
  return made
}
