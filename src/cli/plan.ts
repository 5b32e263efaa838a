import { arrangePlan, formatPlan, planCost, type ShownRow } from '../run/plan.ts'
import { buildArgs, buildChoiceOf, buildOf, nothingImported } from './build-choice.ts'
import type { BuildChoice } from './project.ts'
import { isWhole, outcomeOf, planByCommand } from './commanded-build.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './failure.ts'
import { planBuild } from './module-graph.ts'
import { printError, printResult } from './print.ts'

/** Lists what a build would do about every model. Sends nothing, writes nothing, needs no key. */
export const plan = defineCommand({
  meta: { name: 'plan', description: 'List what a build would do about each model, and the price.' },
  takesProgram:
    'The build to run in a copy of the project, such as `npm run build`. Without it, the build is derived from the project.',
  args: buildArgs,
  async run({ json, ...args }, program) {
    const choice = buildChoiceOf(args)
    const { rows, exitCode, isWhole } = await planOf(choice, program)
    const none = isWhole ? nothingImported(choice) : undefined
    printResult(json, toJson(rows), rows.length > 0 ? formatPlan(rows) : none)
    return exitCode
  },
})

async function planOf(
  choice: BuildChoice,
  program: readonly string[],
): Promise<{ rows: readonly ShownRow[]; exitCode: number; isWhole: boolean }> {
  const build = buildOf(choice, program)
  if (build.kind !== 'command') {
    const rows = await planBuild(choice)
    if (build.kind === 'sources' && build.command) tellUnrun(build.command)
    return { rows, exitCode: codeOf(rows), isWhole: true }
  }
  const built = await planByCommand(build.command, choice.root)
  const rows = arrangePlan(built.rows)
  return { rows, exitCode: outcomeOf(built, build.command, codeOf(rows)), isWhole: isWhole(built) }
}

/** Turbopack does not build in a copy whose packages are links; `generate` does run the command. */
function tellUnrun(command: readonly string[]): void {
  const line = command.join(' ')
  printError(
    `meshy: read the sources for Turbopack, and did not run \`${line}\`. If it runs another bundler too, what that one ` +
      'imports is not listed: run `plan --` with the command of that bundler alone.',
  )
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
