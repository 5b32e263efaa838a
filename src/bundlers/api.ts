import type { Options } from '../pipeline/options.ts'
import type { PlanRow } from '../pipeline/plan.ts'
import type { ModelReport } from '../pipeline/report.ts'
import type { Session } from './session.ts'

/** What a finished build tells of its models: `api.report()` of the plugin object. */
export interface BuildReport {
  models: ModelReport[]
}

/** What programs can ask of a plugin object: `plugin.api`. */
export interface PluginApi {
  /** The options that the plugin was given in code. */
  options: Options
  report(): Promise<BuildReport>
  /** Takes out the rows that a run in `plan` has listed so far. */
  takePlan(): Promise<PlanRow[]>
  /** Makes a run in `plan` end without words, for whoever shows its rows. */
  listOnly(): void
}

/** @param workers the instances of the plugin in workers, whose builds are parts of this one */
export function createApi(session: Session, workers: readonly PluginApi[]): PluginApi {
  return {
    options: session.inline,
    report: async () => {
      const parts = await Promise.all(workers.map((worker) => worker.report()))
      const models = [...(await session.context()).report.models(), ...parts.flatMap((part) => part.models)]
      return { models: uniqueModels(models) }
    },
    takePlan: async () => {
      const parts = await Promise.all(workers.map((worker) => worker.takePlan()))
      return [...(await session.context()).plan.splice(0), ...parts.flat()]
    },
    listOnly: () => {
      session.listOnly = true
    },
  }
}

/** A model that several parts of a build import is one model; the part that made it says what it took. */
function uniqueModels(models: ModelReport[]): ModelReport[] {
  const byKey = new Map<string, ModelReport>()
  for (const model of models) {
    const known = byKey.get(model.key)
    if (!known || known.credits < model.credits) byKey.set(model.key, model)
  }
  return [...byKey.values()].toSorted((a, b) => (a.image < b.image ? -1 : Number(a.image > b.image)))
}
