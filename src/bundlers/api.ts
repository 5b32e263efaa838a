import { agree } from '../pipeline/live/agree.ts'
import type { PluginApi } from '../pipeline/plugin-api.ts'
import { arrangePlan, takePlan } from '../pipeline/plan.ts'
import type { ModelReport } from '../pipeline/telling/report.ts'
import { by } from '../system/order.ts'
import type { Session } from './session.ts'

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
      return arrangePlan([...(await takePlan(await session.context())), ...parts.flat()])
    },
    agree: async (keys) => agree(await session.context(), keys),
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
  return [...byKey.values()].toSorted(by(({ image, key }) => [image, key]))
}
