import { MeshyError } from '../system/errors.ts'
import type { ModelReport } from '../run/reporting/report.ts'
import { by } from '../system/order.ts'
import { buildArgs, buildChoiceOf, buildOf, nothingImported, type BuildChoice } from './build-choice.ts'
import { generateByCommand, outcomeOf, type CommandedBuild } from './commanded-build.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './failure.ts'
import { walkModuleGraph } from './module-graph.ts'
import { formatBytes } from '../inspector/page/format.ts'
import { formatCredits, formatTable, plural, printResult } from './print.ts'

/** Generates and pins every model that the build misses. Pays, within `maxCredits`. */
export const generate = defineCommand({
  meta: {
    name: 'generate',
    description: 'Generate and pin every model that a build is missing. Spends credits.',
  },
  pays: true,
  takesProgram: true,
  args: buildArgs,
  async run({ json, ...args }, program) {
    const choice = buildChoiceOf(args)
    const { models, finish } = await generateFor(choice, program)
    printResult(
      json,
      { models, credits: sum(models) },
      models.length > 0 ? format(models) : nothingImported(choice),
    )
    return finish()
  },
})

interface Outcome {
  models: ModelReport[]
  /** The exit code, or why it is none. */
  finish(): number
}

async function generateFor(choice: BuildChoice, program: readonly string[]): Promise<Outcome> {
  const build = buildOf(choice, program)
  if (build.kind === 'command') return runCommand(build.command, choice.root)
  const plugins = await walkModuleGraph(choice, 'generate')
  const reports = await Promise.all(plugins.map((plugin) => plugin.report()))
  const models = unique(reports.flatMap((report) => report.models))
  if (build.kind === 'vite' || !build.command) return { models, finish: () => EXIT.ok }
  const rest = await runCommand(build.command, choice.root)
  return { models: unique([...models, ...rest.models]), finish: rest.finish }
}

async function runCommand(command: readonly string[], root: string): Promise<Outcome> {
  const built = await generateByCommand(command, root)
  const models = unique([...built.models, ...lostReports(built)])
  const standIn = models.find(({ state }) => state !== 'ready')
  const finish = () => {
    const code = outcomeOf(built, command, EXIT.ok)
    if (code === EXIT.ok && standIn) throw notGenerated(command, standIn)
    return code
  }
  return { models, finish }
}

/** Models that were paid for in a part of the build which then failed: they are stored. */
function lostReports({ models, spent }: CommandedBuild): ModelReport[] {
  const told = new Set(models.map(({ key }) => key))
  return spent
    .filter(({ key }) => !told.has(key))
    .map(({ image, key, credits }) => {
      const facts = { triangles: 0, bytes: 0, seconds: 0 }
      return Object.assign(
        { image, key, credits, state: 'ready' as const, origin: 'generated' as const },
        facts,
      )
    })
}

function notGenerated(command: readonly string[], { image }: ModelReport): MeshyError {
  return new MeshyError('MESHY_MODEL_MISSING', {
    message: `\`${command.join(' ')}\` shows a stand-in for \`${image}\`: part of it runs in another mode.`,
    hint: 'Remove MESHY_MODE from the scripts of the project.',
  })
}

/** A model that several environments import was made by one of them. */
function unique(models: readonly ModelReport[]): ModelReport[] {
  const byCredits = models.toSorted((a, b) => a.credits - b.credits)
  const byKey = new Map(byCredits.map((model) => [model.key, model]))
  return [...byKey.values()].toSorted(by(({ image, key }) => [image, key]))
}

function format(models: readonly ModelReport[]): string {
  const headings = ['image', 'key', 'triangles', 'size', 'from', 'spent']
  const rows = models.map(({ image, key, triangles, bytes, origin, credits }) => {
    return [image, key, triangles, formatBytes(bytes), origin, credits > 0 ? formatCredits(credits) : '']
  })
  const total = `${plural(models.length, 'model')}, ${formatCredits(sum(models))} spent`
  return `${formatTable(headings, rows)}\n${total}`
}

function sum(models: readonly ModelReport[]): number {
  return models.reduce((total, { credits }) => total + credits, 0)
}
