import { by } from '../../system/order.ts'
import type { Context } from '../context.ts'
import { mayGenerate } from '../../finding/modes.ts'

/** Tells once, at the end of a build, until when builds like this one go well: in a container, nothing else would say so. */
export async function tellExpiring({
  seen: { report },
  ports: {
    store: { shared: sharing },
    options,
    reporter: { logger },
  },
}: Context): Promise<void> {
  const models = report.takeExpiring().toSorted(by(({ until, image }) => [until, image]))
  const [first] = models
  if (!first) return
  // Whoever may write there has just uploaded them.
  if (sharing.team && mayGenerate(options.mode) && (await sharing.team.canWrite())) return
  const names = models.map(({ image }) => image).join(', ')
  const after = models.every(({ isPinned }) => isPinned)
    ? 'a build without them fails'
    : 'a build without them pays again'
  logger.warn(
    `meshy: ${names}: the bytes came from tasks at Meshy, which are kept for 3 days: ` +
      `from ${new Date(first.until).toISOString().slice(0, 10)} on, ${after}. ` +
      'Commit the lockfile and the blobs, and copy both into a container, or set `teamStore` (docs/ci.md, "Containers")',
  )
}
