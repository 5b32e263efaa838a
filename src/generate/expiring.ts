import type { Entry } from '../store/entry.ts'
import type { Ports } from './ports.ts'
import { RETENTION_MS } from './retention.ts'

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
  { reporter, clock }: Pick<Ports, 'reporter' | 'clock'>,
  { key, image, task, source }: Entry,
  { isPinned }: Pick<Expiring, 'isPinned'>,
): void {
  if (source === 'emulator') return
  const createdAt = task?.createdAt === undefined ? clock.now() : Date.parse(task.createdAt)
  reporter.addExpiring({ key, image, until: createdAt + RETENTION_MS, isPinned })
}
