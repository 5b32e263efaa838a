import { inspectTeam, whyNoStores } from './stores.ts'
import type { Context } from '../run/context.ts'
import { formatBytes, plural } from '../system/format.ts'
import { nameWithQuery } from '../run/plan.ts'
import { defineCommand } from './command.ts'
import { readStatus, type ModelStatus, type Status } from './model-status.ts'
import { formatCredits, formatTable, printResult } from './print.ts'
import { lookedIn, openCommand, projectArgs, whyNothingPinned } from './project.ts'

/** The models of the project, and what they cost. Sends nothing. */
export const status = defineCommand({
  meta: { name: 'status', description: 'List the models of the project, their sizes and their cost.' },
  args: {
    stores: {
      type: 'boolean',
      description: 'Also ask the machine store and the team store what they have. Costs nothing.',
    },
    ...projectArgs,
  },
  async run({ stores, json, ...args }) {
    const { context } = await openCommand(args)
    const found = await readStatus(context)
    const shared = stores ? await readStores(context) : undefined
    printResult(
      json,
      shared ? { ...found, stores: shared } : found,
      [format(context, found), ...(shared ? formatStores(context, shared) : [])].join('\n'),
    )
  },
})

interface StoresStatus {
  machine: { folder: string; files: number; bytes: number } | undefined
  team: Awaited<ReturnType<typeof inspectTeam>>
}

async function readStores(context: Context): Promise<StoresStatus> {
  const { machine } = context.ports.store.shared
  return {
    machine: machine && { folder: machine.folder, ...(await machine.size()) },
    team: await inspectTeam(context),
  }
}

function formatStores({ ports: { options } }: Context, { machine, team }: StoresStatus): string[] {
  const why = whyNoStores(options)
  if (why !== undefined) return [why]
  const here = machine
    ? `the machine store: ${machine.folder}, ${plural(machine.files, 'file')}, ${formatBytes(machine.bytes)}`
    : 'the machine store is off'
  if (!team) return [here, 'there is no team store']
  const unknown = whyUnknown(team.files)
  if (unknown !== undefined) return [here, `the team store: ${team.label}, nothing is known: it ${unknown}`]
  const bad = team.files.filter(({ status }) => status !== 'ok')
  const has = `${team.files.length - bad.length} of ${plural(team.files.length, 'pinned file')}`
  return [
    here,
    `the team store: ${team.label}, has ${has}`,
    ...bad.map(({ image, ref, status }) => `  ${image} ${ref.sha256.slice(0, 12)}…: ${status}`),
  ]
}

const KNOWN = new Set(['ok', 'missing', 'damaged'])

/** Why a store could not say anything of what it has; undefined if it could. */
function whyUnknown(files: readonly { status: string }[]): string | undefined {
  if (files.length === 0 || files.some(({ status }) => KNOWN.has(status))) return undefined
  return [...new Set(files.map(({ status }) => status))].join('; it ')
}

function format(context: Context, { models, blobs, spent }: Status): string {
  if (models.length === 0 && blobs.count === 0)
    return `There are no models yet. Looked in ${lookedIn(context)}.`
  const unpinned = whyNothingPinned(context)
  const headings = ['image', 'key', 'state', 'from', 'size', 'credits', '']
  const nameOf = namesOf(models)
  const rows = models.map((model) => [
    nameOf(model),
    model.key,
    model.state,
    originOf(model),
    model.bytes > 0 ? formatBytes(model.bytes) : '',
    model.credits > 0 ? formatCredits(model.credits) : '',
    remarkOf(model, unpinned),
  ])
  const unused =
    blobs.unusedBytes > 0 ? `, of which ${formatBytes(blobs.unusedBytes)} not used by any model` : ''
  const lines = [
    formatTable(headings, rows),
    '',
    `${plural(models.length, 'model')}: ${counts(models, unpinned)}`,
    ...(unpinned ? [unpinned] : []),
    `${plural(blobs.count, 'file')} in the cache, ${formatBytes(blobs.bytes)}${unused}`,
    ...spent.days.map((day) => `${day.day}  ${amount(day)}`),
    `cost of what is stored here: ${amount(spent)}`,
  ]
  return lines.join('\n')
}

/** What only the key would tell apart has its query as well. */
function namesOf(models: readonly ModelStatus[]): (model: ModelStatus) => string {
  const numbers = new Map<string, number>()
  for (const { image } of models) numbers.set(image, (numbers.get(image) ?? 0) + 1)
  return ({ image, query }) => (numbers.get(image) === 1 ? image : nameWithQuery(image, query))
}

function originOf({ source, aiModel }: ModelStatus): string {
  if (source === 'pinned') return 'own bytes'
  return [source ?? '', aiModel && `(${aiModel})`].filter(Boolean).join(' ')
}

function remarkOf({ state, pinned, task, failure }: ModelStatus, unpinned: string | undefined): string {
  if (failure !== undefined) return failure
  if (state === 'on its way') return task ? `task ${task}` : 'no task is known yet'
  return pinned || unpinned ? '' : 'not pinned'
}

function counts(models: readonly ModelStatus[], unpinned: string | undefined): string {
  const states = ['ready', 'restorable', 'on its way', 'failed', 'unreadable record'] as const
  const parts = states.map(
    (state) => [models.filter((model) => model.state === state).length, state] as const,
  )
  const pinned = models.filter((model) => model.pinned).length
  return [...parts.filter(([count]) => count > 0), ...(unpinned ? [] : [[pinned, 'pinned'] as const])]
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

function amount({ credits, emulated }: { credits: number; emulated: number }): string {
  const real = formatCredits(credits)
  return emulated > 0 ? `${real}, and ${formatCredits(emulated)} of an emulator, which cost nothing` : real
}
