import { plural } from '../../system/format.ts'
import { by } from '../../system/order.ts'
import type { Effort, Origin, Expiring, LocalPorts } from '../../generate/ports.ts'
import type { Model } from '../models/model.ts'
import type { Models } from '../models/models.ts'
import { mayGenerate } from '../../finding/modes.ts'

/** One model of a run, for the summary and for `api.report()`. */
export interface ModelReport {
  image: string
  key: string
  state: 'ready' | 'pending' | 'preview'
  origin: Origin
  triangles: number
  bytes: number
  /** Credits that this run spent on it. */
  credits: number
  /** Seconds that this run waited for it. */
  seconds: number
}

const NO_EFFORT: Effort = { origin: 'cache', credits: 0, seconds: 0 }

/** Every model of a run that was served, sorted by the name of its image. */
export function reportModels(models: Models): ModelReport[] {
  const reports = models.all().flatMap((model) => reportModel(model) ?? [])
  return reports.toSorted(by(({ image, key }) => [image, key]))
}

/** Undefined for a model for which nothing was served. */
export function reportModel({ request, asset, effort = NO_EFFORT }: Model): ModelReport | undefined {
  if (!asset) return undefined
  const { state, triangles, bytes, source } = asset.metadata
  const origin = source === 'stand-in' ? 'stand-in' : effort.origin
  return { image: request.imageName, key: request.key, state, triangles, bytes, ...effort, origin }
}

/** The models that no summary has counted yet: frameworks build in several parts, but a person started one build. */
export function takeUntold(models: Models): ModelReport[] {
  const { told } = models.shared
  // What one part of a build generated, the next one finds in the cache.
  const isTold = ({ key, origin }: ModelReport) => told.has(origin === 'cache' ? key : `${key} ${origin}`)
  const untold = reportModels(models).filter((model) => !isTold(model))
  for (const { key, origin } of untold) told.add(key).add(`${key} ${origin}`)
  return untold
}

/** A run in one line: `12 models: 10 from the cache, 2 generated, 60 credits`; undefined if everything was ready. */
export function summarize(models: readonly ModelReport[]): string | undefined {
  if (models.every(({ origin }) => origin === 'cache')) return undefined
  const counts = Object.entries(ORIGIN_WORDS).flatMap(([origin, words]) => {
    const count = models.filter((model) => model.origin === origin).length
    return count > 0 ? `${count} ${words}` : []
  })
  const credits = models.reduce((sum, model) => sum + model.credits, 0)
  return `${plural(models.length, 'model')}: ${counts.join(', ')}, ${credits} credits`
}

const ORIGIN_WORDS: Record<Origin, string> = {
  cache: 'from the cache',
  generated: 'generated',
  adopted: 'adopted from a task of the account',
  shared: 'taken from a store',
  restored: 'restored',
  derived: 'derived',
  'stand-in': 'STAND-INS, not the real models',
}

/**
 * Says once, at the end of a build, until when builds like this one will succeed: in a container, nothing else would.
 */
export async function tellExpiring({ store, options, reporter }: LocalPorts, models: Models): Promise<void> {
  const expiring = takeExpiring(models).toSorted(by(({ until, image }) => [until, image]))
  const [first] = expiring
  if (!first) return
  const { team } = store.shared
  // A run that may write there has just uploaded them.
  if (team && mayGenerate(options.mode) && (await team.canWrite())) return
  const names = expiring.map(({ image }) => image).join(', ')
  const after = expiring.every(({ isPinned }) => isPinned)
    ? 'a build without them fails'
    : 'a build without them pays again'
  reporter.logger.warn(
    `meshy: ${names}: the bytes came from tasks at Meshy, which are kept for 3 days; ` +
      `from ${new Date(first.until).toISOString().slice(0, 10)} on, ${after}. ` +
      'Commit the lockfile and the blobs, and copy both into a container, or set `teamStore` (docs/ci.md, "Containers")',
  )
}

/** The models whose bytes will be gone, unless a part of the build has already reported them. */
function takeExpiring(models: Models): Expiring[] {
  const all = models.all().flatMap(({ expiring }) => expiring ?? [])
  const untold = all.filter(({ key }) => !models.shared.told.has(`${key} expiring`))
  for (const { key } of untold) models.shared.told.add(`${key} expiring`)
  return untold
}
