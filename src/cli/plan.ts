import { arrangePlan, formatPlan, planCost, type ShownRow } from '../run/plan.ts'
import { buildArgs, buildChoiceOf, buildOf, nothingImported, type BuildChoice } from './build-choice.ts'
import { outcomeOf, planByCommand } from './commanded-build.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './failure.ts'
import { planBuild } from './module-graph.ts'
import { printResult } from './print.ts'

/** Lists what a build would do about every model. Sends nothing, writes nothing, needs no key. */
export const plan = defineCommand({
  meta: { name: 'plan', description: 'List what a build would do about each model, and the price.' },
  takesProgram:
    'The build to run in a copy of the project, such as `npm run build`. Without it, the build is derived from the project.',
  args: buildArgs,
  async run({ json, ...args }, program) {
    const choice = buildChoiceOf(args)
    const { rows, exitCode } = await planOf(choice, program)
    printResult(json, toJson(rows), rows.length > 0 ? formatPlan(rows) : nothingImported(choice))
    return exitCode
  },
})

async function planOf(
  choice: BuildChoice,
  program: readonly string[],
): Promise<{ rows: readonly ShownRow[]; exitCode: number }> {
  const build = buildOf(choice, program)
  if (build.kind !== 'command') {
    const rows = await planBuild(choice)
    return { rows, exitCode: codeOf(rows) }
  }
  const built = await planByCommand(build.command, choice.root)
  const rows = arrangePlan(built.rows)
  return { rows, exitCode: outcomeOf(built, build.command, codeOf(rows)) }
}

function codeOf(rows: readonly ShownRow[]): number {
  return rows.some(({ state }) => state === 'missing') ? EXIT.missing : EXIT.ok
}

function toJson(rows: readonly ShownRow[]): object {
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
