import { TARGET_FORMATS } from './file-formats.ts'
import { fileOf } from './files.ts'
import type { Request, SourceImage } from './request.ts'
import { imageParams, type TaskKind } from './task-kinds.ts'
import type { Params } from './param-value.ts'

export interface PayloadOptions {
  /** The bytes of an image as they were hashed; see `ImageReader.readBytes`. */
  bytesOf(image: SourceImage): Promise<Buffer>
  /** Whether to send `name`, which carries the key. @default true */
  named?: boolean | undefined
}

/** What a task is created with. */
export interface Payload {
  /** The kind of task; also its path at the API. */
  kind: TaskKind
  /** JSON body. Contains the images as data URIs. */
  body: Record<string, unknown>
}

const NAME_CHARACTERS = 40
// Control characters in odd file names.
const CONTROL = /\p{Cc}+/gu
/** What would look like a key. */
const BRACKETS = /[[\]]/g
const KEY_AT_START = /^\s*\[([0-9a-f]{16})\]/
/** The position of the key in names from earlier releases. */
const KEY_AT_END = /\[([0-9a-f]{16})\]\s*$/
/** This many matching digits of a key are no accident. */
const TELLING_DIGITS = 8

/** Creates the body of the paid request: images, every effective parameter, and the key in `name`. */
export async function createPayload(request: Request, options: PayloadOptions): Promise<Payload> {
  const { kind } = request.canonical
  const images = await inOrder(request.images, (image) => toDataUri(image, options))
  const textureImages = await inOrder(request.textureImages, (image) =>
    'url' in image ? image.url : toDataUri(image, options),
  )
  const body = {
    ...imageParams(kind, images),
    ...textureFields(textureImages),
    ...request.params,
    ...extraParams(request),
    ...(options.named === false ? {} : { name: taskName(request) }),
  }
  return { kind, body }
}

/** The complete key that the `name` of a task carries; `undefined` for a task that is not ours. */
export function keyInName(name: string): string | undefined {
  // Current names end with a key only if they consist of nothing else.
  return (KEY_AT_END.exec(name) ?? KEY_AT_START.exec(name))?.[1]
}

/** Whether a name may be what a service kept of the name that was sent with a key. */
export function mayBeCutFrom(name: string, { image, key }: { image: string; key: string }): boolean {
  if (name.includes(key.slice(0, TELLING_DIGITS))) return true
  const rest = name.replace(/(?:\.{3}|…)\s*$/u, '').trim()
  const stem = image.replace(/\.[^.]*$/, '').replace(CONTROL, ' ')
  return rest === '' || `[${key}]`.startsWith(rest) || stem.startsWith(rest) || rest.startsWith(stem)
}

/** The key comes first, because a service that shortens names cuts off their ends. */
function taskName({ name, key }: Request): string {
  const short = [...name.replace(CONTROL, ' ').replace(BRACKETS, ' ')].slice(0, NAME_CHARACTERS).join('')
  return `[${key}] ${short}`.trim()
}

/**
 * What must be requested beforehand, so that the files wanted by imports with the same key can be fetched later. None
 * of it decides the bytes of the model, so none of it is part of the key.
 */
function extraParams({ wanted, params }: Request): Params {
  const extra: Params = {}
  for (const { asks } of wanted.map(fileOf)) if (asks) extra[asks] = true
  const named = params['target_formats']
  if (Array.isArray(named)) {
    extra['target_formats'] = TARGET_FORMATS.filter(
      (format) => named.includes(format) || wanted.includes(format),
    )
  } else if (wanted.includes('3mf')) {
    // The one that is not made by default. Naming it requires naming all of them.
    extra['target_formats'] = [...TARGET_FORMATS]
  }
  return extra
}

/** A single image uses the parameter that the reference has, even if it was given as a list. */
function textureFields(images: string[]): Record<string, unknown> {
  if (images.length === 0) return {}
  return images.length === 1 ? { texture_image_url: images[0] } : { texture_image_urls: images }
}

async function toDataUri(image: SourceImage, { bytesOf }: PayloadOptions): Promise<string> {
  const bytes = await bytesOf(image)
  return `data:${image.mime};base64,${bytes.toString('base64')}`
}

/** One after the other, because images are large. */
async function inOrder<T, R>(items: readonly T[], make: (item: T) => R | Promise<R>): Promise<R[]> {
  const made: R[] = []
  for (const item of items) made.push(await make(item))
  return made
}
