import type { Options } from './option-types.ts'
import type { PlanRow } from './plan.ts'
import type { ModelReport } from './reporting/report.ts'

/** What a finished build tells of its models. */
export interface BuildReport {
  models: ModelReport[]
}

/** What programs and commands can ask of a plugin object: `plugin.api`. */
export interface PluginApi {
  /** The options that the plugin was given in code. */
  options: Options
  report(): Promise<BuildReport>
  /** Takes out the rows that a run in `plan` has listed so far. */
  takePlan(): Promise<PlanRow[]>
  /**
   * The developer's yes: generates the models that were asked for, and returns their keys.
   *
   * @param keys these alone; all by default
   */
  agree(keys?: Iterable<string>): Promise<string[]>
  /** Makes a run in `plan` end without words, for whoever shows its rows. */
  listOnly(): void
}
