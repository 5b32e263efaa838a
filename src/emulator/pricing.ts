import type { Profile } from './options.ts'
import type { TaskKind } from './task.ts'

/** Models at the lower price, by the reference and by today's price page. */
const CHEAP: Record<Profile, readonly string[]> = {
  reference: ['meshy-4', 'meshy-5'],
  current: ['meshy-6-lite', 'meshy-t2', 'meshy-t2.5'],
}

/** What a task costs, in credits. */
export function priceOf(profile: Profile, kind: TaskKind, body: Record<string, unknown>): number {
  const model = typeof body.ai_model === 'string' ? body.ai_model : 'latest'
  const onlyCheap = profile === 'reference' && kind === 'multi-image-to-3d'
  const mesh = onlyCheap || CHEAP[profile].includes(model) ? 5 : 20
  const texture = body.should_texture === false ? 0 : 10
  return mesh + texture + (profile === 'current' ? extras(body) : 0)
}

function extras(body: Record<string, unknown>): number {
  const sharpTexture = body.should_texture !== false && body.texture_resolution === '8k' ? 5 : 0
  const fineGeometry = body.geometry_resolution === '2k' || body.geometry_resolution === '4k' ? 5 : 0
  return sharpTexture + fineGeometry
}
