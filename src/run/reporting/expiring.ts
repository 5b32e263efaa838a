import { by } from '../../system/order.ts'
import type { Context } from '../context.ts'
import { mayGenerate } from '../../finding/modes.ts'
import type { Expiring } from '../../generate/ports.ts'
import type { Models } from '../models/models.ts'

/** Tells once, at the end of a build, until when builds like this one go well: in a container, nothing else would say so. */
export async function tellExpiring({
  ports: {
    store: { shared: sharing },
    options,
    models,
    reporter: { logger },
  },
}: Context): Promise<void> {
  const expiring = takeUntold(models).toSorted(by(({ until, image }) => [until, image]))
  const [first] = expiring
  if (!first) return
  // Whoever may write there has just uploaded them.
  if (sharing.team && mayGenerate(options.mode) && (await sharing.team.canWrite())) return
  const names = expiring.map(({ image }) => image).join(', ')
  const after = expiring.every(({ isPinned }) => isPinned)
    ? 'a build without them fails'
    : 'a build without them pays again'
  logger.warn(
    `meshy: ${names}: the bytes came from tasks at Meshy, which are kept for 3 days; ` +
      `from ${new Date(first.until).toISOString().slice(0, 10)} on, ${after}. ` +
      'Commit the lockfile and the blobs, and copy both into a container, or set `teamStore` (docs/ci.md, "Containers")',
  )
}

/** The models whose bytes will be gone, as far as no part of the build has told of them. */
function takeUntold(models: Models): Expiring[] {
  const all = models.all().flatMap(({ expiring }) => expiring ?? [])
  const untold = all.filter(({ key }) => !models.shared.told.has(`${key} expiring`))
  for (const { key } of untold) models.shared.told.add(`${key} expiring`)
  return untold
}
