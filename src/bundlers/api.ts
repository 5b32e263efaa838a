import { reportModels } from '../run/reporting/report.ts'
import type { PluginApi } from '../run/plugin-api.ts'
import { arrangePlan, takePlan } from '../run/plan.ts'
import type { Session } from './session.ts'

export function createApi(session: Session): PluginApi {
  return {
    options: session.inline,
    report: async () => ({ models: reportModels((await session.context()).ports.models) }),
    takePlan: async () => arrangePlan(await takePlan((await session.context()).seen)),
    agree: async (keys) => {
      const { agree } = await import('../run/live/agree.ts')
      return agree(await session.context(), keys)
    },
    listOnly: () => {
      session.listOnly = true
    },
  }
}
