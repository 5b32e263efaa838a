import { formatPlan, planCost, type PlanRow } from '../pipeline/plan.ts'
import { buildArgs, buildChoiceOf } from './build-args.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './exit-code.ts'
import { planBuild } from './plan-build.ts'
import { print, printJson } from './print.ts'

/** Lists what a build would do about every model. Sends nothing, writes nothing, needs no key. */
export const plan = defineCommand({
  meta: { name: 'plan', description: 'List what the Vite build would do about every model, and its price.' },
  args: buildArgs,
  async run({ json, ...args }) {
    const rows = await planBuild(buildChoiceOf(args))
    if (json) printJson(toJson(rows))
    else print(rows.length > 0 ? formatPlan(rows) : 'The build imports no models.')
    return rows.some(({ state }) => state === 'missing') ? EXIT.missing : EXIT.ok
  },
})

function toJson(rows: readonly PlanRow[]): object {
  const models = rows.map(({ request, query, state, credits, site, hint }) => ({
    image: request.imageName,
    query,
    key: request.key,
    state,
    credits: state === 'missing' ? credits : 0,
    site,
    ...(hint && { hint }),
  }))
  return { models, credits: planCost(rows) }
}
