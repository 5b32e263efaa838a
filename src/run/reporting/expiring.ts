import type { Entry } from '../../store/entry.ts'
import { by } from '../../system/order.ts'
import type { Context } from '../context.ts'
import { mayGenerate } from '../../generate/modes.ts'
import { RETENTION_MS } from '../../generate/retention.ts'

/** A model whose bytes a run had of nothing but a task, which the service does not keep for long. */
export interface Expiring {
  key: string
  image: string
  /** When its task is gone at the latest; milliseconds since 1970. */
  until: number
  /** Whether the lockfile knows it, so that a run without bytes fails. What nobody knows is paid again. */
  isPinned: boolean
}

/** Remembers that the bytes of a model came from its task, as they would have to in the next run that begins like this one. */
export function noteExpiring(
  { report, clock }: Pick<Context, 'report' | 'clock'>,
  { key, image, task, source }: Entry,
  { isPinned }: Pick<Expiring, 'isPinned'>,
): void {
  if (source === 'emulator') return
  const createdAt = task?.createdAt === undefined ? clock.now() : Date.parse(task.createdAt)
  report.addExpiring({ key, image, until: createdAt + RETENTION_MS, isPinned })
}

/** Tells once, at the end of a build, until when builds like this one go well: in a container, nothing else would say so. */
export async function tellExpiring({ report, sharing, options, logger }: Context): Promise<void> {
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
