import type { Effort, Reporter } from '../generate/ports.ts'
import { mayGenerate } from '../finding/modes.ts'
import type { ProjectStore } from '../finding/ports.ts'
import { fingerprint, type Hasher } from '../request/fingerprint.ts'
import { createImageReader } from '../request/images.ts'
import type { CanonicalRequest, Request } from '../request/request.ts'
import { openStore } from '../store/open-store.ts'
import { openSharedStores, type SharedStoresInit } from '../store/shared/shared-stores.ts'
import { tellingJournal } from '../store/shared/telling-journal.ts'
import type { Clock } from '../system/clock.ts'
import { createFetch } from '../system/fetch.ts'
import type { Part } from './commanded.ts'
import type { RunPorts, Run } from './context.ts'
import { idOfAccount, type ProcessState } from './process-state.ts'
import type { Models } from './models/models.ts'

interface PortsInit {
  run: Run
  shared: Pick<ProcessState, 'accounts'>
  hasher: Hasher
  clock: Clock
  models: Models
  reporter: Pick<Reporter, 'logger' | 'notices'>
  openTeamStore: SharedStoresInit['openTeamStore']
}

/** Puts together what serving a model needs from a run. */
export function openPorts(init: PortsInit): RunPorts {
  const { run, shared, models, reporter, clock } = init
  const { options } = run
  const clientOf = () => shared.accounts.get(idOfAccount(options))?.client
  return {
    options,
    store: openProjectStore(init),
    models,
    reporter: {
      ...reporter,
      progress: (request, step) => models.progress(request, step),
      addEffort: (request, effort) => {
        models.addEffort(request, effort)
        tellSpent(run.part, request, effort)
      },
      addExpiring: (model) => models.addExpiring(model),
    },
    clock: { ...clock, serviceNow: () => clientOf()?.serverNow() ?? clock.now() },
    signal: run.signal ?? new AbortController().signal,
  }
}

function openProjectStore({ run, hasher, clock, reporter, openTeamStore }: PortsInit): ProjectStore {
  const { options, env } = run
  const local = openStore(options, hasher, clock)
  const shared = openSharedStores({
    options,
    mayUpload: mayGenerate(options.mode),
    env,
    store: local,
    keyOf: (request: CanonicalRequest) => fingerprint(request, hasher),
    clock,
    fetch: createFetch({ env }),
    openTeamStore,
    warn: (text) => reporter.notices.once(text),
  })
  const journal = tellingJournal(local.journal, { shared, options })
  return { ...local, journal, hasher, images: createImageReader(hasher, local.outputs.notes), shared }
}

/** What a run got from the service is reported to the command that runs it; what it had, or made itself, is not. */
function tellSpent(part: Part | undefined, { key, imageName }: Request, { origin, credits }: Effort): void {
  if (origin === 'restored' || origin === 'derived') return
  part?.tell({ spent: { image: imageName, key, credits } })
}
