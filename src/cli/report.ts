import { plural } from '../system/format.ts'
import { mkdir, writeFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { buildArgs, buildChoiceOf, nothingImported, assertReadable } from './build-choice.ts'
import { defineCommand } from './command.ts'
import { planBuild } from './module-graph.ts'
import { printError, printResult } from './print.ts'
import { openAsBundler, placeOf } from './project.ts'
import { readyAsset } from '../run/asset.ts'
import { classify } from '../finding/classify.ts'
import { orUnwritable } from '../store/disk-errors.ts'
import type { Context } from '../run/context.ts'
import type { PlanRow } from '../run/plan.ts'
import type { Directives } from '../request/directives.ts'
import { parseSpecifier } from '../request/parse.ts'
import { printableField } from '../system/redact.ts'
import type { InspectedModel, Inspection } from '../inspector/model.ts'
import { findPageFolder, readPagePart } from '../inspector/page-files.ts'
import { describeModel, summed, takesBeside } from '../inspector/queries.ts'

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
    const file = path.resolve(placeOf(args).cwd, out)
    const page = await renderReport(await openAsBundler(choice), rows)
    const write = async () => {
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, page)
    }
    await orUnwritable(file, write, 'MESHY_COMMAND_REFUSED')
    const models = new Set(rows.map(({ request }) => request.key)).size
    printResult(json, { file: out, models }, `${out}: ${plural(models, 'model')}`)
    if (models === 0) printError(nothingImported(choice))
  },
})

/** More models than this make a file that no browser likes to open; the others only have their image and facts. */
const MAX_MODEL_BYTES = 30_000_000

/** The models of a build as one HTML file that needs no server and no network. */
async function renderReport(context: Context, rows: readonly PlanRow[]): Promise<string> {
  const inspection = await inspectPlan(context, rows)
  // `<` ends a script early, wherever it is.
  const data = JSON.stringify(inspection, printableField).replaceAll('<', String.raw`\u003c`)
  const script = (await readPagePart('report.js')).replaceAll('</script', String.raw`<\/script`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Models</title>
<link rel="icon" href="data:,">
<style>
${await readPagePart('page.css')}</style>
</head>
<body>
<script type="application/json" id="meshy-report">${data}</script>
${await decoderFor(inspection)}<script>${script}</script>
</body>
</html>
`
}

/** The Draco decoder, if one of the models is compressed with it. */
async function decoderFor({ models }: Inspection): Promise<string> {
  if (!models.some(({ model }) => model !== undefined && isDraco(model))) return ''
  const parts = [
    ['js', 'draco_wasm_wrapper.js', 'text/javascript'],
    ['wasm', 'draco_decoder.wasm', 'application/wasm'],
  ] as const
  const scripts = parts.map(async ([id, name, type]) => {
    const url = await dataUrl(path.join(findPageFolder(), name), type)
    return `<script type="text/plain" id="meshy-draco-${id}">${url}</script>\n`
  })
  return (await Promise.all(scripts)).join('')
}

/** @param url the data URL of a GLB */
function isDraco(url: string): boolean {
  return Buffer.from(url.slice(url.indexOf(',')), 'base64').includes('"KHR_draco_mesh_compression"')
}

async function inspectPlan(context: Context, rows: readonly PlanRow[]): Promise<Inspection> {
  const byKey = new Map<string, PlanRow[]>()
  for (const row of rows) byKey.set(row.request.key, [...(byKey.get(row.request.key) ?? []), row])
  const nextTake = takesBeside(rows.map(({ request }) => request))
  const models: InspectedModel[] = []
  let room = MAX_MODEL_BYTES
  for (const [first, ...others] of byKey.values()) {
    if (!first) continue
    const model = await inspectRow(context, [first, ...others], { room, nextTake })
    if (model.model !== undefined) room -= model.metadata?.bytes ?? 0
    models.push(model)
  }
  return { mode: 'report', ...summed(context, models, undefined) }
}

/** One model, with its image and bytes included. */
async function inspectRow(
  context: Context,
  [row, ...others]: [PlanRow, ...PlanRow[]],
  { room, nextTake }: { room: number; nextTake: ReturnType<typeof takesBeside> },
): Promise<InspectedModel> {
  const { request } = row
  const finding = await classify(context.ports, request)
  const asset = finding.state === 'ready' ? readyAsset(finding, request) : undefined
  const described = await describeModel(
    context,
    { request, asset, error: undefined, work: undefined, isAsked: false },
    {
      importers: [row, ...others].map(({ site }) => site),
      directives: directivesOf(row),
      nextTake,
    },
  )
  const isOnItsWay = finding.state === 'on its way'
  const glb = asset && asset.metadata.bytes <= room && asset.files.find(({ role }) => role === 'glb')
  return {
    ...described,
    levels: described.levels.map((level) => ({ ...level, model: undefined })),
    state: isOnItsWay ? 'pending' : described.state,
    pictures: await Promise.all(request.images.map(({ file, mime }) => dataUrl(file, mime))),
    model: glb ? await dataUrl(glb.path, 'model/gltf-binary') : undefined,
  }
}

/** What the import itself says, as the page of a dev server shows it. */
function directivesOf({ query = '' }: PlanRow): Directives {
  return parseSpecifier(`image.png${query}`).directives ?? {}
}

async function dataUrl(file: string, type: string): Promise<string> {
  return `data:${type};base64,${(await readFile(file)).toString('base64')}`
}
