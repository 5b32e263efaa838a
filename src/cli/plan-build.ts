import { formatSite } from '../errors.ts'
import type { PlanRow } from '../pipeline/plan.ts'
import { walkModuleGraph, type BuildChoice } from './module-graph.ts'

/** What a build imports: one row for each import, whichever of the build's environments and workers it is in. */
export async function planBuild(choice: BuildChoice): Promise<PlanRow[]> {
  const plugins = await walkModuleGraph(choice, 'plan')
  const rows = (await Promise.all(plugins.map((plugin) => plugin.takePlan()))).flat()
  const unique = new Map(rows.map((row) => [`${row.request.key} ${formatSite(row.site)}`, row]))
  return [...unique.values()].toSorted(byImage)
}

function byImage(a: PlanRow, b: PlanRow): number {
  return a.request.imageName < b.request.imageName ? -1 : Number(a.request.imageName > b.request.imageName)
}
