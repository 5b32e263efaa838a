/** Credits of a task without and with texture. */
interface Price {
  untextured: number
  textured: number
}

/** Meshy 6 and later, single image: reference, `should_texture`. Multi-image since Meshy 6 meshes: price page, 2026-06. */
const FULL: Price = { untextured: 20, textured: 30 }
/** Older and smaller models: reference, `should_texture` of both kinds. */
const SMALL: Price = { untextured: 5, textured: 15 }

/** Models by the start of their names; the first match applies. Prices as of 2026-10. */
const PRICES: readonly [prefix: string, price: Price][] = [
  // Reference: "5 credits for other models".
  ['meshy-4', SMALL],
  ['meshy-5', SMALL],
  // Price page, 2026-10: 5 and 15, at 2K only.
  ['meshy-6-lite', SMALL],
  // Price page, 2026-10: 5 and 15 for the smart-topology models.
  ['meshy-t', SMALL],
]

/** Price page, 2026-10: at 8K, 35 for a textured model that costs 30, and 20 for one that costs 15. */
const TEXTURE_8K = 5
/** Price page, 2026-10: `geometry_resolution` of `2k` or `4k`. */
const FINE_GEOMETRY = 5

/**
 * The estimated cost of a request, in credits, before it is submitted. The kind of task does not matter.
 *
 * An unknown model gets the highest price. `latest` is an expensive model: for several images, the reference gives the
 * older, lower price, but the current one is charged, and an estimate must not be too low. The same applies to one of
 * two models that share a task: the service does not publish its price for a mixed pair.
 */
export function priceOf({ params }: { params: Readonly<Record<string, unknown>> }): number {
  const price = priceOfModel(modelOf(params))
  const texturing = typeof params.texture_model === 'string' ? priceOfModel(params.texture_model) : price
  const textured = Math.max(price.textured, texturing.textured)
  const isTextured = params.should_texture !== false
  const texture8k = isTextured && params.texture_resolution === '8k' ? TEXTURE_8K : 0
  const isFine = params.geometry_resolution === '2k' || params.geometry_resolution === '4k'
  return (isTextured ? textured : price.untextured) + texture8k + (isFine ? FINE_GEOMETRY : 0)
}

/** If none is named, the family determines what the service picks. */
function modelOf(params: Readonly<Record<string, unknown>>): string {
  if (typeof params.ai_model === 'string') return params.ai_model
  return params.model_type === 'smart-topology' ? 'meshy-t2' : 'latest'
}

function priceOfModel(model: string): Price {
  return PRICES.find(([prefix]) => model.startsWith(prefix))?.[1] ?? FULL
}
