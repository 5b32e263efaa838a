import { modelInCharge } from './parameters.ts'
import type { Profile } from './options.ts'
import type { TaskKind } from '../request/task-kinds.ts'

/** Models at the lower price, by the reference and by today's price page. */
const CHEAP: Record<Profile, readonly string[]> = {
  reference: ['meshy-4', 'meshy-5'],
  current: ['meshy-6-lite', 'meshy-t2', 'meshy-t2.5'],
}

/** What a task costs, in credits. */
export function priceOf(profile: Profile, kind: TaskKind, body: Record<string, unknown>): number {
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
