import { formatSite, type ImportSite } from '../errors.ts'
import type { Request } from '../request/request.ts'
import type { State } from './modes.ts'

/** A line of a plan: what a build would do about one import. */
export interface PlanRow {
  request: Request
  state: State
  /** What generating it would cost; counts for `missing` alone. */
  credits: number
  site: ImportSite
  /** What is free: a derivation that a build would do, or another way to a model that would be paid. */
  hint?: string | undefined
}

/** The plan of a build as text: every model with its state, importer and price, and the sum. */
export function formatPlan(rows: readonly PlanRow[]): string {
  const sorted = rows.toSorted((a, b) => (a.request.imageName < b.request.imageName ? -1 : 1))
  const lines = sorted.flatMap(({ request, state, credits, site, hint }) => {
    const price = state === 'missing' ? `${credits} credits` : ''
    const line = [request.imageName.padEnd(24), state.padEnd(11), price.padStart(11), formatSite(site)]
    const text = line.join('  ').trimEnd()
    return hint ? [text, `    ${hint}`] : text
  })
  const models = new Set(rows.map(({ request }) => request.key)).size
  const sum = `${models} model${models === 1 ? '' : 's'}, ${planCost(rows)} credits to generate what is missing`
  return [...lines, sum].join('\n')
}

/** What the missing models of a plan cost together; imports that share a key are paid once. */
export function planCost(rows: readonly PlanRow[]): number {
  const byKey = new Map(
    rows.filter(({ state }) => state === 'missing').map((row) => [row.request.key, row.credits]),
  )
  return [...byKey.values()].reduce((sum, credits) => sum + credits, 0)
}
