import { MeshyError } from '../system/errors.ts'
import { mayBeAbsent } from '../store/shared/object-store.ts'
import { bringBlob, forEachFile, formatAnswers } from '../store/shared/sources.ts'
import { ADDRESS_FORMS, STORE_KINDS } from '../store/shared/store-address.ts'
import { Fault } from '../system/transfer.ts'
import type { TeamStore } from '../store/shared/team-store.ts'
import type { BlobStatus } from '../store/digest.ts'
import { blobsOf, outputFolder, type BlobRef, type Entry } from '../store/entry.ts'
import type { Context } from '../run/context.ts'

/** What was transferred to or from a store. */
export interface Moved {
  /** Files that were transferred now. */
  files: number
  bytes: number
  /** Files that were already there. */
  there: number
  /** Files that could not be transferred, and why. */
  failed: { image: string; sha256: string; reason: string }[]
  /** Files that an emulator made, and that were left out: no store has any. */
  emulated: number
}

const nothingMoved = (): Moved => ({ files: 0, bytes: 0, there: 0, failed: [], emulated: 0 })

interface PinnedFile {
  entry: Entry
  ref: BlobRef
}

type Outcome = 'there' | 'moved' | 'emulated' | { reason: string }

async function pinnedModels({ ports: { store, options } }: Context): Promise<Entry[]> {
  if (!store.lockfile) throw nothingPinned(options.projectDir)
  return [...(await store.lockfile.all()).values()]
}

/**
 * Uploads what the lockfile pins and the team store lacks; bytes first, then entries.
 *
 * @param repair also reads what is there, and replaces what is damaged
 * @throws {MeshyError} MESHY_OPTIONS_INVALID if there is no team store, or no credentials to write to it
 */
export async function push(context: Context, { repair = false } = {}): Promise<Moved> {
  const team = await writableTeam(context)
  const moved = nothingMoved()
  for (const entry of await pinnedModels(context)) {
    const failed = moved.failed.length
    const { image, files } = entry
    for (const ref of blobsOf(entry)) {
      count(moved, { image, ref }, await pushFile(context, { entry, ref }, { team, repair }))
    }
    if (moved.failed.length > failed || entry.source !== 'meshy') continue
    await team.keepEntry(entry, context.ports.signal).catch((error: unknown) => {
      count(moved, { image, ref: files.glb }, { reason: `its record: ${reasonOf(error)}` })
    })
  }
  return moved
}

function count(moved: Moved, { image, ref }: { image: string; ref: BlobRef }, outcome: Outcome): void {
  if (outcome === 'there' || outcome === 'emulated') moved[outcome] += 1
  else if (outcome === 'moved') {
    moved.files += 1
    moved.bytes += ref.bytes
  } else moved.failed.push({ image, sha256: ref.sha256, reason: outcome.reason })
}

async function pushFile(
  { ports: { store, signal } }: Context,
  { entry, ref }: PinnedFile,
  { team, repair }: { team: TeamStore; repair: boolean },
): Promise<Outcome> {
  if (entry.source === 'emulator') return 'emulated'
  const status = await store.blobs.verify(ref, signal)
  const isHere = status === 'ok' || (await store.copies.restore(ref, outputFolder(entry, ref)))
  if (!isHere) return { reason: UNUSABLE[status] }
  try {
    const replace = repair && !(await isRight(team, ref, signal))
    return (await team.keep(ref, store.blobs.path(ref), { replace, signal })) ? 'moved' : 'there'
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

const UNUSABLE: Record<Exclude<BlobStatus, 'ok'>, string> = {
  missing: 'is missing here',
  damaged: 'is damaged here',
  'lfs-pointer': 'is a Git LFS pointer here; run `git lfs pull`',
}

/** @throws anything that is not a fault of a store */
function reasonOf(error: unknown): string {
  if (error instanceof Fault) return `the store ${error.message}`
  throw error
}

/** Whether the store has the correct bytes, and not just anything under their name. */
async function isRight(team: TeamStore, ref: BlobRef, signal: AbortSignal): Promise<boolean> {
  try {
    return await team.check(ref, signal)
  } catch (error) {
    const isWrong = error instanceof Fault && (error.kind === 'damaged' || error.kind === 'wrong')
    if (isWrong || mayBeAbsent(error)) return false
    throw error
  }
}

/**
 * Restores what the lockfile pins and this project lacks: from copies of its own, or from the stores of the machine and
 * the team.
 */
export async function pull(context: Context): Promise<Moved> {
  const entries = await pinnedModels(context)
  const files = entries.flatMap((entry) => blobsOf(entry).map((ref) => ({ entry, ref })))
  // Models of one image may share files.
  const distinct = [...new Map(files.map((file) => [file.ref.sha256, file])).values()]
  const moved = nothingMoved()
  const outcomes = await forEachFile(distinct, (file) => pullFile(context.ports, file))
  for (const [index, file] of distinct.entries()) {
    count(moved, { image: file.entry.image, ref: file.ref }, outcomes[index] ?? { reason: '' })
  }
  // What came from the team store is kept on this machine as well.
  await context.ports.store.shared.machine?.tidy()
  return moved
}

async function pullFile(
  { store, options, clock, signal }: Context['ports'],
  { entry, ref }: PinnedFile,
): Promise<Outcome> {
  if ((await store.blobs.verify(ref, signal)) === 'ok') return 'there'
  if (await store.copies.restore(ref, outputFolder(entry, ref))) return 'moved'
  if (entry.source === 'emulator') return 'emulated'
  const brought = await bringBlob(store.shared.sources, ref, { clock, signal })
  if (brought.from !== undefined) return 'moved'
  return { reason: formatAnswers(brought.answers) || whyNoStores(options) || 'no store is set up' }
}

/** What the team store has of the files that the lockfile pins; with `read`, whether their bytes are correct. */
export async function inspectTeam(
  context: Context,
  { read = false } = {},
): Promise<{ label: string; files: { image: string; ref: BlobRef; status: string }[] } | undefined> {
  const { signal } = context.ports
  const { team } = context.ports.store.shared
  if (!team) return undefined
  const files: { image: string; ref: BlobRef; status: string }[] = []
  const shared = (await pinnedModels(context)).filter(({ source }) => source !== 'emulator')
  for (const { image, ...entry } of shared) {
    for (const ref of blobsOf(entry))
      files.push({ image, ref, status: await statusIn(team, ref, { read, signal }) })
  }
  return { label: team.label, files }
}

async function statusIn(
  team: TeamStore,
  ref: BlobRef,
  { read, signal }: { read: boolean; signal: AbortSignal },
): Promise<string> {
  try {
    const isThere = read ? await team.check(ref, signal) : await team.has(ref, signal)
    return isThere ? 'ok' : 'missing'
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.kind === 'damaged' ? 'damaged' : error.message
  }
}

async function writableTeam({ ports: { store, options } }: Context): Promise<TeamStore> {
  const { team } = store.shared
  if (!team) throw noTeamStore(options)
  if (await team.canWrite()) return team
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `There are no credentials to write to ${team.label}.`,
    hint: STORE_KINDS[options.teamStore?.address.kind ?? 's3'].credentials,
  })
}

function nothingPinned(folder: string): MeshyError {
  return new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `The option \`lockfile\` of \`${folder}\` is \`false\`, so nothing says which files belong to the project.`,
    hint: 'To pin models, remove the option.',
  })
}

/** Why a run uses no store, whatever the options say. */
export function whyNoStores({ emulated }: Pick<Context['ports']['options'], 'emulated'>): string | undefined {
  return emulated ? 'no store is used in a run with an emulator' : undefined
}

/** The error of a command that needs a team store. */
export function noTeamStore(options: Pick<Context['ports']['options'], 'emulated'>): MeshyError {
  const why = whyNoStores(options)
  if (why === undefined) {
    return new MeshyError('MESHY_OPTIONS_INVALID', {
      message: 'This project has no team store.',
      hint: `Set the option \`teamStore\`, or MESHY_TEAM_STORE: ${ADDRESS_FORMS}.`,
    })
  }
  return new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `There is no team store here: ${why}.`,
    hint: 'Unset MESHY_BASE_URL, or whatever option names the emulator, and run it again.',
  })
}
