import { hasCode, isMeshyError, messageOf, type ImportSite } from '../system/errors.ts'
import type { Asset } from '../run/asset.ts'
import { findEntry, type Finding } from '../finding/classify.ts'
import type { Request } from '../request/request.ts'
import type { Context } from '../run/context.ts'
import {
  idOfImport,
  phaseOf,
  type ImportRecord,
  type Model,
  type Phase,
  type Work,
} from '../run/models/model.ts'
import { reportModels } from '../run/reporting/report.ts'
import { formatQuery } from '../run/plan.ts'
import { sitesOf } from '../run/imports.ts'
import { mayGenerate } from '../finding/modes.ts'
import { priceOf } from '../request/price.ts'
import type {
  InspectedError,
  InspectedModel,
  InspectedProgress,
  InspectedTotals,
  Inspection,
} from './model.ts'

/** What the imports of a model say. */
interface Told {
  importers: ImportSite[]
  directives: Record<string, unknown>
  nextTake: (request: Request) => number
}

/** Everything that the page, its JSON and the report show. */
export async function inspect(context: Context, balance: number | undefined): Promise<Inspection> {
  const imports = context.ports.models.imports()
  const groups = groupImports(imports)
  const nextTake = takesBeside(imports.flatMap(({ request }) => request ?? []))
  const models = await Promise.all(
    [...groups].map(([id, group]) => inspectGroup(context, { id, imports: group, nextTake })),
  )
  return { mode: context.ports.options.mode, ...summed(context, models, balance) }
}

/** Models in their order, and their totals. */
export function summed(
  { ports: { models: table } }: Pick<Context, 'ports'>,
  unsorted: InspectedModel[],
  balance: number | undefined,
): Pick<Inspection, 'models' | 'totals'> {
  const models = unsorted.toSorted((a, b) => a.image.localeCompare(b.image, 'en') || (a.id < b.id ? -1 : 1))
  const credits = (of: (model: InspectedModel) => boolean) => sum(models.filter(of), (model) => model.credits)
  const totals: InspectedTotals = {
    models: models.length,
    bytes: sum(models, ({ metadata }) => metadata?.bytes ?? 0),
    credits: {
      spent: credits(({ isStored }) => isStored),
      thisRun: sum(reportModels(table), (model) => model.credits),
      onTheirWay: credits(({ state, isStored }) => state === 'pending' && !isStored),
      asked: credits(({ isAsked }) => isAsked),
      balance,
    },
  }
  return { models, totals }
}

/** One model as it is shown. */
export async function describeModel(
  context: Context,
  model: Pick<Model, 'request' | 'asset' | 'error' | 'work' | 'isAsked'>,
  { importers, directives, nextTake }: Told,
): Promise<InspectedModel> {
  const { request, asset, error, work } = model
  const { key, images, imageName } = request
  const entry = await findEntry(context.ports, key)
  return {
    id: key,
    image: imageName,
    importers,
    directives,
    nextQuery: formatQuery({ ...directives, take: nextTake(request) }),
    state: STATES[phaseOf(model)],
    isAsked: model.isAsked && error === undefined,
    canRetry: error !== undefined && !isAboutStored(error) && mayRetry(context),
    progress: work && {
      ...progressOf(work),
      seconds: Math.max(0, Math.round((context.ports.clock.now() - work.since) / 1000)),
    },
    isStored: entry !== undefined,
    // The user's own models cost nothing.
    credits: entry ? (entry.task?.credits ?? 0) : priceOf(request),
    metadata: asset?.metadata,
    source: sourceOf(asset, entry),
    levels: levelsOf(key, asset),
    pictures: images.map((_, index) => `pictures/${key}/${index}`),
    model: asset && `models/${key}.glb?${asset.metadata.integrity.replaceAll(/\W/g, '').slice(6, 14)}`,
    error: error === undefined ? undefined : describeError(error),
  }
}

/** What the model was from which something was derived. */
function sourceOf(asset: Asset | undefined, entry: Finding['entry']): InspectedModel['source'] {
  const derived = asset?.metadata.derived
  return derived && entry && { ...derived.from, size: entry.facts.bounds.size }
}

function levelsOf(key: string, asset: Asset | undefined): InspectedModel['levels'] {
  return (asset?.lods ?? []).map(({ bytes, triangles, file }, index) => ({
    bytes,
    triangles,
    model: `models/${key}/lod${index + 1}.glb?${file.blob?.sha256.slice(0, 8)}`,
  }))
}

/** Whether it is about a model that exists: another try would not change it. */
function isAboutStored(error: unknown): boolean {
  return hasCode(error, 'MESHY_OUTPUT_TOO_LARGE')
}

function mayRetry({ ports: { models, options } }: Context): boolean {
  return models.isLive && mayGenerate(options.mode)
}

/**
 * The next take of a request that none of these has. A take that another import already has would be the same model.
 */
export function takesBeside(requests: readonly Request[]): (request: Request) => number {
  const taken = new Map<string, Set<number>>()
  for (const { canonical } of requests) {
    const like = withoutTake(canonical)
    taken.set(like, (taken.get(like) ?? new Set()).add(canonical.take))
  }
  return ({ canonical }) => {
    const known = taken.get(withoutTake(canonical))
    let take = canonical.take + 1
    while (known?.has(take)) take += 1
    return take
  }
}

function withoutTake(canonical: Request['canonical']): string {
  return JSON.stringify({ ...canonical, take: undefined })
}

/** Imports grouped by key; those that cannot be read are on their own. */
function groupImports(imports: readonly ImportRecord[]): Map<string, ImportRecord[]> {
  const groups = new Map<string, ImportRecord[]>()
  for (const seen of imports) {
    const id = seen.request?.key ?? idOfImport(seen.imported)
    groups.set(id, [...(groups.get(id) ?? []), seen])
  }
  return groups
}

async function inspectGroup(
  context: Context,
  { id, imports, nextTake }: { id: string; imports: ImportRecord[] } & Pick<Told, 'nextTake'>,
): Promise<InspectedModel> {
  const importers = await sitesOf(imports.map(({ imported }) => imported))
  const [first] = imports
  const directives = (first && 'error' in first.imported.directives ? {} : first?.imported.directives) ?? {}
  const error = imports.find((seen) => seen.error !== undefined)?.error
  const seen = context.ports.models.find(id)
  const told = { importers, directives, nextTake }
  if (seen) return describeModel(context, { ...seen, error: seen.error ?? error }, told)
  const image = first?.imported.file.replace(/^.*\//, '') ?? id
  return { ...UNREADABLE, id, image, importers, directives, error: describeError(error) }
}

/** What is known of an import that cannot be read. */
const UNREADABLE = {
  nextQuery: undefined,
  state: 'failed' as const,
  isAsked: false,
  canRetry: false,
  progress: undefined,
  isStored: false,
  credits: 0,
  metadata: undefined,
  source: undefined,
  levels: [],
  pictures: [],
  model: undefined,
}

/**
 * A module that says `pending` about a model that is not being generated dates from before the failure or the restart.
 */
const STATES: Record<Phase, InspectedModel['state']> = {
  idle: 'preview',
  asked: 'preview',
  making: 'pending',
  ready: 'ready',
  failed: 'failed',
}

function progressOf({ step }: Work): Pick<InspectedProgress, 'text' | 'percent'> {
  if (typeof step === 'string') return { text: TEXTS[step], percent: undefined }
  const { status, progress, precedingTasks } = step
  if (status !== 'PENDING') return { text: 'is being generated', percent: progress }
  const before = precedingTasks ? `, ${precedingTasks} before it` : ''
  return { text: `is queued at the service${before}`, percent: progress }
}

const TEXTS = {
  begun: 'is about to be submitted',
  waiting: 'is waiting for its turn',
  'queue full': "is waiting for a place in the account's queue",
  deriving: 'is being derived',
} as const

function describeError(error: unknown): InspectedError {
  if (isMeshyError(error)) {
    const { code, message, hint } = error
    return { code, message, hint }
  }
  return {
    code: 'BUG',
    message: messageOf(error),
    hint: 'This is a bug in unplugin-meshy. Please report it, with the output of the terminal.',
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
