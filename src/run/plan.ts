import { plural } from '../system/format.ts'
import { formatSite, type ImportSite } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import { by } from '../system/order.ts'
import { sitesOf, type Import } from './imports.ts'
import type { State } from '../finding/modes.ts'
import { formatApiValue, isApiDirective, type Directives } from '../request/directives.ts'
import type { ParamValue } from '../request/param-value.ts'

/** A line of a plan: what a build would do about one import. */
export interface PlanRow {
  request: Request
  /** The directives of the import itself, as it could be written: `?meshy&take=2`. */
  query?: string | undefined
  state: State
  /** What generating it would cost; counts only for `missing`. */
  credits: number
  site: ImportSite
  /**
   * What is missing on this machine, or what is free: a derivation that a build would do, or another way to a model that
   * would be paid for.
   */
  hint?: string | undefined
}

/** A row as it is shown: all that another process may know about it. */
export type ShownRow = Omit<PlanRow, 'request'> & { request: Pick<Request, 'imageName' | 'key'> }

/** An import in a plan. Who else imports the same is known once all modules have been found. */
export interface PlannedImport extends Omit<PlanRow, 'site'> {
  imported: Import
}

/** Takes out what a run in `plan` has listed: one row for each place of an import. */
export async function takePlan({ plan }: { plan: PlannedImport[] }): Promise<PlanRow[]> {
  const rows: PlanRow[] = []
  for (const { imported, ...row } of plan.splice(0)) {
    for (const site of await sitesOf([imported])) rows.push({ ...row, site })
  }
  return rows
}

/**
 * Rows of several parts of a build together, each place once, in an order that does not depend on which part was read
 * first.
 */
export function arrangePlan<Row extends ShownRow>(rows: readonly Row[]): Row[] {
  const unique = new Map(rows.map((row) => [identityOf(row), row]))
  return [...unique.values()].toSorted(
    by(({ request, site, query = '' }) => [request.imageName, site.file, site.line ?? 0, query, request.key]),
  )
}

function identityOf({ request, site, query }: ShownRow): string {
  return JSON.stringify([request.key, request.imageName, formatSite(site), query])
}

/** The plan of a build as text: every model with its state, importer and price, and the total. */
export function formatPlan(rows: readonly ShownRow[]): string {
  const names = new Map(rows.map((row) => [row, nameWithQuery(row.request.imageName, row.query)]))
  const width = Math.max(24, ...[...names.values()].map((name) => name.length))
  const lines = rows.flatMap((row) => {
    const { state, credits, site, hint } = row
    const price = state === 'missing' ? `${credits} credits` : ''
    const line = [
      (names.get(row) ?? '').padEnd(width),
      state.padEnd(11),
      price.padStart(11),
      formatSite(site),
    ]
    const text = line.join('  ').trimEnd()
    return hint ? [text, `    ${hint}`] : text
  })
  const models = new Set(rows.map(({ request }) => request.key)).size
  const sum = `${plural(models, 'model')}, ${planCost(rows)} credits to generate what is missing`
  return [...lines, sum].join('\n')
}

const LONGEST_NAME = 48

/** The image, and the import's own directives, if any: nothing else distinguishes two takes. */
export function nameWithQuery(image: string, query = '?meshy'): string {
  const name = query === '?meshy' ? image : `${image}${query}`
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}

/** The total cost of the missing models in a plan; imports that share a key are paid for once. */
export function planCost(rows: readonly ShownRow[]): number {
  const byKey = new Map(
    rows.filter(({ state }) => state === 'missing').map((row) => [row.request.key, row.credits]),
  )
  return [...byKey.values()].reduce((sum, credits) => sum + credits, 0)
}

/** The query of an import with these directives, as one would write it: `?meshy&pbr&poly=5000`. */
export function formatQuery(directives: Directives): string {
  const items = Object.entries(directives).flatMap(([name, value]) => formatItem(name, value))
  return `?${['meshy', ...items].join('&')}`
}

function formatItem(name: string, value: unknown): string[] {
  if (value === undefined) return []
  if (value === true) return [name]
  if (value === false) return [`no-${name}`]
  if (isApiDirective(name)) return [`${name}=${encode(formatApiValue(value as ParamValue))}`]
  return [`${name}=${(Array.isArray(value) ? value : [value]).map((part) => encode(String(part))).join(',')}`]
}

/** Encodes only what would end the value, or the string around it. */
function encode(text: string): string {
  return text.replace(/[%&#'"`\\*\n\r]/g, (sign) =>
    encodeURIComponent(sign).replace("'", '%27').replace('*', '%2A'),
  )
}
