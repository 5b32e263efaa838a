import type { CanonicalRequest } from '../../request/request.ts'
import type { Clock } from '../../system/clock.ts'
import type { Fetch } from '../../system/fetch.ts'
import { type StoreNetwork, createExchange } from './ask-store.ts'
import { createHttpStore } from './http-store.ts'
import { createCredentials } from './s3-credentials.ts'
import type { CreatingStore, ObjectStore } from './object-store.ts'
import { createS3Store } from './s3-store.ts'
import { findInEnvironment, type S3Address, type StoreAddress, type WrittenIn } from './store-address.ts'
import { TeamLeases } from './team-leases.ts'
import { createTeamStore, type TeamStore } from './team-store.ts'
import { Fault, ignoreFault } from '../../system/transfer.ts'
import type { Environment } from '../../system/process.ts'

export interface TeamStoreSettings {
  address: StoreAddress
  writtenIn: WrittenIn
  /** Key for the signatures of entries. */
  signingKey: string | undefined
}

interface World {
  env: Environment
  fetch: Fetch
  clock: Clock
  keyOf: (request: CanonicalRequest) => string
  /** A digest of the API key, for people who read a lease. */
  account: string
  /** Whether this run writes to the store. */
  mayUpload: boolean
  warn: (text: string) => void
}

/** Opens a team store. No connection is made before it is used. */
export function openTeamStore(settings: TeamStoreSettings, world: World): TeamStore {
  const { address, signingKey } = settings
  const { env, fetch, clock, keyOf, account, mayUpload, warn } = world
  const fuse = new Fuse()
  const network: StoreNetwork = {
    exchange: createExchange({ fetch, env }),
    clock,
    random: Math.random,
    mayRepeat: (fault) => fuse.mayRepeat(fault),
  }
  const common = { label: address.label, keyOf, signingKey, mayUpload, warn }
  if (address.kind === 'http') {
    const token = mayHaveCredentials(settings, env) ? env['MESHY_TEAM_STORE_TOKEN'] || undefined : undefined
    const objects = fused(createHttpStore(address, { token, network }), fuse)
    const canWrite = async () => token !== undefined || address.basic !== undefined
    const casName = (sha256: string) => `cas/${sha256}`
    return createTeamStore({ ...common, objects, keepsEntries: false, casName, canWrite, leases: undefined })
  }
  const credentials = mayHaveCredentials(settings, env)
    ? createCredentials(env, { now: clock.now, warn })
    : async () => undefined
  const bucket = createS3Store(address, { credentials, network })
  const create: CreatingStore['create'] = (...asked) => fuse.guard(() => bucket.create(...asked))
  const objects = { ...fused(bucket, fuse), create }
  const casName = (sha256: string) => `cas/${sha256.slice(0, 2)}/${sha256}`
  const canWrite = async () => (await credentials().catch(ignoreFault)) !== undefined
  const leases = new TeamLeases({ objects, beats: bucket, clock, account, signingKey })
  return createTeamStore({ ...common, objects, keepsEntries: true, casName, canWrite, leases })
}

/** Objects of a store that is no longer used once it is down. */
function fused(objects: ObjectStore, fuse: Fuse): ObjectStore {
  return {
    has: (...asked) => fuse.guard(() => objects.has(...asked)),
    read: (...asked) => fuse.guard(() => objects.read(...asked)),
    write: (...asked) => fuse.guard(() => objects.write(...asked)),
    remove: (...asked) => fuse.guard(() => objects.remove(...asked)),
  }
}

/**
 * Whether the credentials of the environment are for this store: it must be one that the environment names, for S3 at
 * least its host, or Amazon's own. Otherwise a pull request could send them to a host of its choice with one line in a
 * config file.
 */
export function mayHaveCredentials({ address, writtenIn }: TeamStoreSettings, env: Environment): boolean {
  if (writtenIn === 'environment') return true
  if (address.kind === 'http') return findInEnvironment(address.url, env) !== undefined
  return isAmazon(address) || namedEndpoints(env).includes(address.endpoint?.origin)
}

function isAmazon({ endpoint }: S3Address): boolean {
  return endpoint === undefined || endpoint.hostname.endsWith('.amazonaws.com')
}

function namedEndpoints(env: Environment): (string | undefined)[] {
  const inAddress =
    env['MESHY_TEAM_STORE'] && URL.canParse(env['MESHY_TEAM_STORE'])
      ? (new URL(env['MESHY_TEAM_STORE']).searchParams.get('endpoint') ?? undefined)
      : undefined
  return [env['AWS_ENDPOINT_URL_S3'], env['AWS_ENDPOINT_URL'], inAddress].map(originOf).filter(Boolean)
}

function originOf(text: string | undefined): string | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text).origin : undefined
}

/** Consecutive failures after which a store is no longer used. */
const LIMIT = 3

/**
 * Keeps a store that is down from being queried again and again: after three consecutive failures it is off for the
 * run.
 */
export class Fuse {
  #failures = 0
  /** Why the store is no longer used. */
  #blown: Fault | undefined

  /**
   * Whether a request that failed this way may be repeated once. A time-out is only repeated while nothing suggests
   * that the store is always slow: otherwise callers would wait for minutes.
   */
  mayRepeat({ kind }: Fault): boolean {
    return !this.#blown && (kind !== 'slow' || this.#failures === 0)
  }

  /** @throws {Fault} what `ask` throws, or at once why the store is off */
  async guard<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#blown) throw this.#blown
    try {
      const answer = await ask()
      this.#failures = 0
      return answer
    } catch (error) {
      if (error instanceof Fault) this.#note(error)
      throw error
    }
  }

  /** A refusal is an answer: a store that denies one object may have the next. */
  #note(fault: Fault): void {
    if (fault.kind === 'refused' || this.#blown) return
    this.#failures += 1
    if (this.#failures === LIMIT) this.#blown = fault
  }
}
