import xxhash from 'xxhash-wasm'
import type { CanonicalRequest, ImageDigest } from './request.ts'
import type { Params } from './param-value.ts'
import type { Directives } from './directives.ts'

/** xxHash64 as 16 hex digits. */
export interface Hasher {
  bytes(bytes: Uint8Array): string
  text(text: string): string
}

const KEY_VERSION = '1'

/**
 * The defaults of version 1 of the key, frozen: spelling out a parameter with its default value does not change the
 * key. It contains what is always sent. A parameter that is sent only on request has its default at the service, where
 * it can change; spelling it out makes a different request.
 */
const DEFAULTS_OF_VERSION_1: Params = {
  ai_model: 'latest',
  topology: 'triangle',
  target_polycount: 30_000,
  symmetry_mode: 'auto',
  should_remesh: true,
  save_pre_remeshed_model: false,
  should_texture: true,
  enable_pbr: false,
  pose_mode: '',
  is_a_t_pose: false,
}

/** Loads the hash function. Cheap, but not free: once per run. */
export async function createHasher(): Promise<Hasher> {
  const { h64Raw, h64ToString } = await xxhash()
  return {
    bytes: (bytes) => h64Raw(bytes).toString(16).padStart(16, '0'),
    text: (text) => h64ToString(text),
  }
}

/** The key of a request, 16 hex digits: the same for all requests that would give the same model. */
export function fingerprint(request: CanonicalRequest, hasher: Hasher): string {
  const { kind, images, textureImages, take, emulated, params } = request
  const parts = [
    KEY_VERSION,
    kind,
    images.map(digestParts),
    textureImages.map((image) => ('url' in image ? image.url : digestParts(image))),
    take,
    emulated,
    sortedEntries(params),
  ]
  return hasher.text(JSON.stringify(parts))
}

/** The parameters that belong to the key: those that differ from the frozen defaults, sorted by name. */
export function differingParams(params: Params): Params {
  return Object.fromEntries(
    sortedEntries(params).filter(([name, value]) => !isFrozenDefault(name, value, params)),
  )
}

function isFrozenDefault(name: string, value: unknown, params: Params): boolean {
  // These models choose their own count if none is given, so 30000 is an explicit choice like any other.
  if (name === 'target_polycount' && params['model_type'] === 'smart-topology') return false
  return DEFAULTS_OF_VERSION_1[name] === value
}

function digestParts({ hash, bytes }: ImageDigest): [string, number] {
  return [hash, bytes]
}

function sortedEntries(params: Params) {
  return Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * Stands for the directives of an import in its module ID, `<path>?meshy=<token>`: 16 hex digits, the same whatever the
 * order and the names in which the directives were written. No defaults are filled in, and no prompt is visible.
 */
export function directiveToken(directives: Directives, hasher: Hasher): string {
  const entries = Object.entries(directives).filter(([, value]) => value !== undefined)
  return hasher.text(JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}
