import type { CanonicalRequest } from '../request/request.ts'
import { createMachineStore, type MachineStore } from '../sharing/machine-store.ts'
import { openTeamStore } from '../sharing/open-team-store.ts'
import type { BlobSource } from '../sharing/sources.ts'
import type { TeamStore } from '../sharing/team-store.ts'
import type { Clock } from '../system/clock.ts'
import type { Fetch } from '../system/fetch.ts'
import type { Environment } from './environment.ts'
import type { ResolvedOptions } from './options.ts'
import type { Store } from './store.ts'

/** What this project shares with others: nothing, where its models are those of an emulator. */
export interface SharedStores {
  machine: MachineStore | undefined
  team: TeamStore | undefined
  /** In the order in which missing bytes are asked for. */
  sources: BlobSource[]
}

export interface SharedStoresInit {
  options: ResolvedOptions
  env: Environment
  store: Store
  keyOf: (request: CanonicalRequest) => string
  clock: Clock
  fetch: Fetch
  warn: (text: string) => void
}

/** Opens the stores of the machine and of the team. Nothing is touched before something is missing. */
export function openSharedStores(init: SharedStoresInit): SharedStores {
  const { options, env, store, keyOf, clock, fetch, warn } = init
  if (options.emulated) return { machine: undefined, team: undefined, sources: [] }
  const { machineStore, machineStoreLimit: limit, teamStore } = options
  const machine =
    machineStore === false
      ? undefined
      : createMachineStore({ folder: machineStore, limit, fingerprint: keyOf, clock, warn })
  const network = { fetch, clock, random: Math.random }
  const team = teamStore && openTeamStore(teamStore, { env, network, keyOf, warn })
  return {
    machine,
    team,
    sources: [...machineSource(machine, store), ...teamSource(team, { machine, store })],
  }
}

function machineSource(machine: MachineStore | undefined, { layout }: Store): BlobSource[] {
  if (!machine) return []
  return [{ name: 'the store of this machine', bring: (ref) => machine.bring(ref, layout) }]
}

/** What the team gives is kept for the other projects of this machine. */
function teamSource(
  team: TeamStore | undefined,
  { machine, store }: { machine: MachineStore | undefined; store: Store },
): BlobSource[] {
  if (!team) return []
  return [
    {
      name: `the team's store ${team.label}`,
      bring: async (ref, signal) => {
        const isBrought = await team.bring(ref, store.blobs, signal)
        if (isBrought) await machine?.keep(ref, store.layout)
        return isBrought
      },
    },
  ]
}
