import { MeshyError } from '../system/errors.ts'
import { TaskListCache } from '../generate/recent-tasks.ts'
import type { Account } from '../generate/ports.ts'
import { createClient } from '../service/client.ts'
import { createLimits } from '../service/limits/limits.ts'
import { createSchedule } from '../service/limits/retry.ts'
import { accountDigest } from '../store/journal.ts'
import type { Clock } from '../system/clock.ts'
import { createDebugLog } from '../system/logger.ts'
import { createFetch } from '../system/fetch.ts'
import { createRedactor } from '../system/redact.ts'
import type { Environment } from './environment.ts'
import { idOfAccount } from './process-state.ts'
import type { ResolvedOptions } from './option-types.ts'

/** What an account is opened with. */
export interface AccountInit {
  options: ResolvedOptions
  env: Environment
  /** Where `.env` files were looked for. */
  envFolders?: readonly string[]
}

/** The limits of an account hold for the whole process, so each account has one client. */
export function accountFor(accounts: Map<string, Account>, run: AccountInit, clock: Clock): Account {
  const { options, env } = run
  const { apiKey, baseUrl, concurrency, requestsPerSecond } = options
  if (apiKey === undefined) throw keyMissing(run)
  const known = accounts.get(idOfAccount(options))
  if (known) return known
  const redact = createRedactor([apiKey])
  const log = createDebugLog({ env, redact, write: (text) => process.stderr.write(text) })
  const fetch = createFetch({ env })
  const limits = createLimits({ requestsPerSecond, concurrency, clock })
  const schedule = createSchedule({ limits, clock, random: Math.random, log })
  const client = createClient({ baseUrl, apiKey, fetch, clock, log, schedule })
  const { create, ...free } = client
  const account: Account = {
    client: free,
    submit: (permission, { key, kind, body }, options) => {
      permission.assertCovers(key)
      return create(kind, body, options)
    },
    limits,
    fetch,
    taskList: new TaskListCache(),
    digest: accountDigest(apiKey),
  }
  accounts.set(idOfAccount(options), account)
  return account
}

function keyMissing({ options: { misnamedKey }, envFolders = [] }: AccountInit): MeshyError {
  const places = envFolders.map((folder) => `\`${folder}\``).join(' and ')
  const files = envFolders.length > 0 ? ` or in \`.env\` (looked for in ${places})` : ''
  return new MeshyError('MESHY_AUTH_MISSING', {
    message: 'A model must be fetched or generated, but there is no API key.',
    hint: misnamedKey
      ? `Name the variable MESHY_API_KEY: \`${misnamedKey}\` is set, but variables with that prefix may be published.`
      : `Set MESHY_API_KEY in the environment${files}.`,
  })
}
