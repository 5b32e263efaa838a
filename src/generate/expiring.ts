import type { Entry } from '../store/entry.ts'
import type { Expiring } from './effort.ts'
import type { Ports } from './ports.ts'
import { RETENTION_MS } from '../finding/retention.ts'

/** Remembers that the bytes of a model came from its task, as they would have to in the next run that begins like this one. */
export function noteExpiring(
  { reporter, clock }: Pick<Ports, 'reporter' | 'clock'>,
  { key, image, task, source }: Entry,
  { isPinned }: Pick<Expiring, 'isPinned'>,
): void {
  if (source === 'emulator') return
  const createdAt = task?.createdAt === undefined ? clock.now() : Date.parse(task.createdAt)
  reporter.addExpiring({ key, image, until: createdAt + RETENTION_MS, isPinned })
}
