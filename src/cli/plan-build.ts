import { arrangePlan, type PlanRow } from '../run/plan.ts'
import { walkModuleGraph, type BuildChoice } from './module-graph.ts'

/** What a build imports: one row for each import, whichever of the build's environments and workers it is in. */
export async function planBuild(choice: BuildChoice): Promise<PlanRow[]> {
  const plugins = await walkModuleGraph(choice, 'plan')
  return arrangePlan((await Promise.all(plugins.map((plugin) => plugin.takePlan()))).flat())
}
