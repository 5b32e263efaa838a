import { plural } from '../system/format.ts'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { renderReport } from '../inspector/report.ts'
import { buildArgs, buildChoiceOf, nothingImported, assertReadable } from './build-choice.ts'
import { defineCommand } from './command.ts'
import { planBuild } from './module-graph.ts'
import { printError, printResult } from './print.ts'
import { openCommand } from './project.ts'

/** Writes what the page of the dev server shows, for people without the server. Sends nothing. */
export const report = defineCommand({
  meta: { name: 'report', description: 'Write one HTML file that shows every model of the build.' },
  args: {
    ...buildArgs,
    out: {
      type: 'string',
      description: 'The file to write.',
      default: 'meshy-report.html',
      valueHint: 'file',
    },
  },
  async run({ json, out, ...args }) {
    const choice = buildChoiceOf(args)
    assertReadable('report', choice)
    const rows = await planBuild(choice)
    const { context, place } = await openCommand(args)
    const file = path.resolve(place.cwd, out)
    await writeFile(file, await renderReport(context, rows))
    const models = new Set(rows.map(({ request }) => request.key)).size
    printResult(json, { file: out, models }, `${out}: ${plural(models, 'model')}`)
    if (models === 0) printError(nothingImported(choice))
  },
})
