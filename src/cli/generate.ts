import type { ModelReport } from '../pipeline/telling/report.ts'
import { by } from '../system/order.ts'
import { buildArgs, buildChoiceOf } from './build-args.ts'
import { defineCommand } from './command.ts'
import { walkModuleGraph } from './module-graph.ts'
import { formatBytes, formatCredits, formatTable, plural, print, printJson } from './print.ts'

/** Generates and pins every model that the build misses. Pays, within `maxCredits`; writes no output. */
export const generate = defineCommand({
  meta: { name: 'generate', description: 'Generate and pin every model that the Vite build misses. Pays.' },
  args: buildArgs,
  async run({ json, ...args }) {
    const plugins = await walkModuleGraph(buildChoiceOf(args), 'generate')
    const reports = await Promise.all(plugins.map((plugin) => plugin.report()))
    const models = unique(reports.flatMap((report) => report.models))
    if (json) printJson({ models, credits: sum(models) })
    else print(format(models))
  },
})

/** A model that several environments import was made by one of them. */
function unique(models: readonly ModelReport[]): ModelReport[] {
  const byCredits = models.toSorted((a, b) => a.credits - b.credits)
  const byKey = new Map(byCredits.map((model) => [model.key, model]))
  return [...byKey.values()].toSorted(by(({ image, key }) => [image, key]))
}

function format(models: readonly ModelReport[]): string {
  if (models.length === 0) return 'The build imports no models.'
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
