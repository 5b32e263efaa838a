import { accountDigest } from '../journal.ts'
import type { CanonicalRequest } from '../../request/request.ts'
import { createMachineStore, type MachineStore } from './machine-store.ts'
import type { openTeamStore, TeamStoreSettings } from './open-team-store.ts'
import { Fault } from '../../system/transfer.ts'
import type { TeamStore } from './team-store.ts'
import { Uploads } from './uploads.ts'
import type { Clock } from '../../system/clock.ts'
import type { Fetch } from '../../system/fetch.ts'
import type { Store } from '../open-store.ts'
import type { Logger } from '../../system/logger.ts'
import type { BlobSource } from './sources.ts'
import type { Environment } from '../../system/process.ts'

/** What this project shares with others: nothing, if its models are those of an emulator. */
export interface SharedStores {
  machine: MachineStore | undefined
  team: TeamStore | undefined
  /** In the order in which they are asked for missing bytes. */
  sources: BlobSource[]
  /** What goes to the team store, in runs that may generate. */
  uploads: Uploads
}

/** What decides which stores exist. */
interface SharingSettings {
  /** An emulator's models stay in their project. */
  emulated: boolean
  apiKey: string | undefined
  /** Absolute; `false` for none. */
  machineStore: string | false
  /** Bytes. */
  machineStoreLimit: number
  teamStore: TeamStoreSettings | undefined
}

export interface SharedStoresInit {
  options: SharingSettings
  /** Whether the results of this run go to the team store. */
  mayUpload: boolean
  env: Environment
  store: Store
  keyOf: (request: CanonicalRequest) => string
  clock: Clock
  fetch: Fetch
  /** Loaded only if a team store is named. */
  openTeamStore: typeof openTeamStore | undefined
  warn: (text: string) => void
}

/** Opens the stores of the machine and of the team. Nothing is accessed before something is missing. */
export function openSharedStores(init: SharedStoresInit): SharedStores {
  const { options, mayUpload, env, store, keyOf, clock, fetch, warn } = init
  const uploadsTo = (to: TeamStore | undefined) =>
    new Uploads({ team: mayUpload ? to : undefined, pathOf: store.blobs.path, clock })
  if (options.emulated) {
    return { machine: undefined, team: undefined, sources: [], uploads: uploadsTo(undefined) }
  }
  const { machineStore, machineStoreLimit: limit, teamStore } = options
  const machine =
    machineStore === false
      ? undefined
      : createMachineStore({ folder: machineStore, limit, fingerprint: keyOf, clock, warn })
  const account = options.apiKey === undefined ? '' : accountDigest(options.apiKey)
  const world = { env, fetch, clock, keyOf, account, mayUpload, warn }
  const team = teamStore && init.openTeamStore?.(teamStore, world)
  const sources = [...machineSource(machine, store), ...teamSource(team, { machine, store })]
  return { machine, team, sources, uploads: uploadsTo(team) }
}

function machineSource(machine: MachineStore | undefined, { layout }: Store): BlobSource[] {
  if (!machine) return []
  return [{ name: 'the machine store', bring: (ref) => machine.bring(ref, layout) }]
}

/** What the team store provides is kept for the other projects on this machine. */
function teamSource(
  team: TeamStore | undefined,
  { machine, store }: { machine: MachineStore | undefined; store: Store },
): BlobSource[] {
  if (!team) return []
  return [
    {
      name: `the team store ${team.label}`,
      bring: async (ref, signal) => {
        const isBrought = await team.bring(ref, store.blobs, signal).catch((error: unknown) => {
          if (error instanceof Fault) team.complain(error)
          throw error
        })
        if (isBrought) machine?.keepLater(ref, store.layout)
        return isBrought
      },
    },
  ]
}

/** The run that shared. */
interface SharingRun {
  store: { shared: SharedStores }
  reporter: { logger: Logger }
}

/** How long the end of a build waits for uploads in progress, in milliseconds. */
const UPLOAD_LIMIT_MS = 60_000

/** Ends the sharing of a run: uploads to the team store are awaited, and the machine store is kept within its limit. */
export async function finishSharing({ store, reporter: { logger } }: SharingRun): Promise<void> {
  const { shared: sharing } = store
  const left = await sharing.uploads.finish(UPLOAD_LIMIT_MS)
  // A store with a reported problem was already said to lack what it lacks.
  if (left > 0 && !sharing.team?.hasComplained()) {
    logger.warn(
      `meshy: ${left} of the models are not in the team store yet; run \`unplugin-meshy push\` to upload them`,
    )
  }
  await sharing.machine?.tidy()
}
