import { isMeshyError } from '../system/errors.ts'
import { imageSize } from '../glb/image-size.ts'
import { badRequest } from './api-error.ts'
import type { ApiError } from './api-error.ts'
import type { InputImage } from './model-maker.ts'

/** Fetches a picture that a task names by URL, or returns `undefined` when it cannot be reached. */
export type LoadImage = (url: string) => Promise<Uint8Array | undefined>

/** Reads a picture parameter: a data URI, or a URL that `loadImage` can reach. Throws 400 otherwise. */
export async function readInputImage(
  name: string,
  value: unknown,
  loadImage: LoadImage,
): Promise<InputImage> {
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
  try {
    return { bytes, mime: imageSize(bytes).mime }
  } catch (error) {
    throw isMeshyError(error) ? unsupported(name) : error
  }
}

function unsupported(name: string): ApiError {
  return badRequest(`${name} is not an image of a supported format: .jpg, .jpeg, .png`)
}
