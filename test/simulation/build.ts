import { classify, isComplete } from '../../src/finding/classify.ts'
import { failedBefore, isFinal } from '../../src/finding/record-state.ts'
import { decide, type Mode, type State } from '../../src/finding/modes.ts'
import { Permission } from '../../src/finding/permission.ts'
import { complete } from '../../src/generate/complete.ts'
import { obtain } from '../../src/generate/obtain.ts'
import type { Ports } from '../../src/generate/ports.ts'
import type { Hasher } from '../../src/request/fingerprint.ts'
import type { Request } from '../../src/request/request.ts'
import { Models } from '../../src/run/models/models.ts'
import { SharedModels } from '../../src/run/models/shared-models.ts'
import { openPaying } from '../../src/run/open-paying.ts'
import { openPorts } from '../../src/run/open-ports.ts'
import { openTeamStore } from '../../src/store/shared/open-team-store.ts'
import type { ResolvedOptions } from '../../src/run/option-types.ts'
import type { Run } from '../../src/run/context.ts'
import { finishSharing } from '../../src/store/shared/shared-stores.ts'
import type { Clock } from '../../src/system/clock.ts'
import { isMeshyError } from '../../src/system/errors.ts'
import { Notices } from '../../src/system/logger.ts'
import { timeOn, world, type Machine } from './machine.ts'
import type { Process } from './scheduler.ts'

/** A project in a folder of a machine. */
export interface Place {
  machine: Machine
  /** Absolute. */
  root: string
  pins: boolean
  machineStore: string | false
  hasTeam: boolean
}

/** What one process is to do. */
export interface Job {
  process: Process
  place: Place
  mode: Mode
  requests: readonly Request[]
  maxCredits: number
}

/** What became of one import. */
export interface Outcome {
  key: string
  state: State
  /** Of its error. */
  code?: string
  message?: string
  details?: Record<string, unknown>
}

/** What one process did, as far as it came to its end. */
export interface Done {
  outcomes: Outcome[]
  /** Credits that its budget counts as spent. */
  reserved: number
}

const QUIET = { info: () => {}, warn: () => {}, error: () => {} }

export const BASE_URL = 'https://api.meshy.ai'

/** Builds as a bundler would: all imports side by side. */
export async function build(job: Job, hasher: Hasher): Promise<Done> {
  const ports = open(job, hasher)
  for (const request of job.requests) ports.models.shared.addFiles(request)
  const outcomes = await Promise.all(job.requests.map((request) => load(ports, request)))
  await finishSharing(ports)
  return { outcomes, reserved: ports.purse.budget.reserved }
}

/** As `run/load.ts` does where nobody waits. */
async function load(ports: Ports, request: Request): Promise<Outcome> {
  const { key } = request
  const { mode } = ports.options
  let state: State = 'missing'
  try {
    let finding = await classify(ports, request)
    state = finding.state
    const action = decide(mode, state)
    if (action === 'restore' || action === 'wait' || action === 'submit') {
      if (isFinal(finding.record)) throw failedBefore(finding.record)
      const permission = Permission.ofMode(mode, key)
      finding = await obtain(ports, request, { finding, permission })
      state = finding.state
    }
    const { entry } = finding
    if (entry && state === 'ready' && !(await isComplete(ports, entry))) {
      await complete(ports, request, { ...finding, entry })
    }
    return { key, state }
  } catch (error) {
    if (!isMeshyError(error)) throw error
    return { key, state, code: error.code, message: error.message, details: error.details }
  }
}

/** The ports of a process, as a run opens them. */
export function open({ process, place, mode, maxCredits }: Omit<Job, 'requests'>, hasher: Hasher) {
  const clock = clockOf(process)
  const run: Run = {
    options: optionsOf(place, mode, maxCredits),
    env: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
    live: false,
    logger: QUIET,
    activity: () => 0,
  }
  const shared = { accounts: new Map(), budget: undefined }
  const models = new Models({ clock, isLive: false, shared: new SharedModels() })
  const reporter = { logger: QUIET, notices: new Notices(QUIET) }
  const ports = openPorts({ run, shared, hasher, clock, models, reporter, openTeamStore })
  return openPaying(run, shared, ports)
}

function optionsOf(
  { root, pins, machineStore, hasTeam }: Place,
  mode: Mode,
  maxCredits: number,
): ResolvedOptions {
  return {
    root,
    projectDir: root,
    workspace: root,
    apiKey: 'msy_simulation',
    baseUrl: BASE_URL,
    emulated: false,
    mode,
    isModeChosen: true,
    maxCredits,
    cacheDir: `${root}/.meshy`,
    lockfile: pins && `${root}/meshy-lock.json`,
    concurrency: 8,
    requestsPerSecond: 18,
    taskTimeout: 1_200_000,
    defaults: {},
    presets: {},
    allow: [],
    transforms: [],
    oversize: 'warn',
    publicPath: undefined,
    emit: 'asset',
    dts: false,
    inspector: false,
    isCi: false,
    machineStore,
    machineStoreLimit: 5e9,
    teamStore: hasTeam ? TEAM : undefined,
  }
}

const TEAM: ResolvedOptions['teamStore'] = {
  address: { kind: 's3', bucket: 'team', prefix: '', region: 'x', endpoint: undefined, label: 's3://team' },
  writtenIn: 'environment',
  signingKey: undefined,
}

function clockOf(owner: Process): Clock {
  return {
    now: () => timeOn(owner.machine),
    elapsed: () => world().now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const stop = world().later(ms, owner, () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        })
        const leave = () => {
          stop()
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', leave, { once: true })
      }),
  }
}
