import type { StoredEntry } from '../../store/entry.ts'

/** Credits that the models of this machine took; those of an emulator cost nothing, and count apart. */
export interface Spending {
  credits: number
  emulated: number
  /** By the day on which they were stored (UTC), oldest first. */
  days: { day: string; credits: number; emulated: number }[]
}

/** What the models that this machine has stored took, in all and by day. */
export function spending(entries: readonly StoredEntry[]): Spending {
  const days = new Map<string, { credits: number; emulated: number }>()
  for (const entry of entries) {
    const { storedAt, consumedCredits, takenFrom } = entry.provenance
    // Paid elsewhere.
    if (takenFrom !== undefined) continue
    const credits = consumedCredits ?? entry.task?.credits ?? 0
    if (credits === 0) continue
    const day = storedAt.slice(0, 'YYYY-MM-DD'.length)
    const total = days.get(day) ?? { credits: 0, emulated: 0 }
    total[entry.request.emulated ? 'emulated' : 'credits'] += credits
    days.set(day, total)
  }
  const sorted = [...days]
    .map(([day, { credits, emulated }]) => ({ day, credits, emulated }))
    .toSorted((a, b) => (a.day < b.day ? -1 : 1))
  return {
    credits: sorted.reduce((total, { credits }) => total + credits, 0),
    emulated: sorted.reduce((total, { emulated }) => total + emulated, 0),
    days: sorted,
  }
}
