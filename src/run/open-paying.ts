import { decideBatch } from '../generate/decide.ts'
import { Batch } from '../generate/batch.ts'
import { Budget } from '../generate/budget.ts'
import type { PayingPorts, RunPorts, Run } from './context.ts'
import { type ProcessState, idOfAccount } from './process-state.ts'
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
import { quoted } from '../system/format.ts'

/**
 * Puts together what generating a model needs from a run. Loaded when something has to be generated, fetched or asked
 * of the account: a run where everything is ready does without.
 */
export function openPaying(
  run: Run,
  shared: Pick<ProcessState, 'accounts' | 'budget'>,
  ports: RunPorts,
): PayingPorts {
  const { clock } = ports
  shared.budget ??= new Budget(run.part)
  const paying: PayingPorts = {
    ...ports,
    account: () => accountFor(shared.accounts, run, clock),
    purse: {
      budget: shared.budget,
      batch: new Batch(clock, (candidates) => decideBatch(paying, candidates), run.activity),
      hasFailed: run.hasFailed ?? (() => false),
    },
  }
  return paying
}

/** The limits of an account apply to the whole process, so each account has one client. */
function accountFor(accounts: Map<string, Account>, run: Run, clock: Clock): Account {
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
    log,
    taskList: new TaskListCache(),
    digest: accountDigest(apiKey),
  }
  accounts.set(idOfAccount(options), account)
  return account
}

function keyMissing({ options: { misnamedKey }, envFolders = [] }: Run): MeshyError {
  const places = quoted(envFolders, ' and ')
  const files = envFolders.length > 0 ? ` or in \`.env.local\` (looked for in ${places})` : ''
  return new MeshyError('MESHY_AUTH_MISSING', {
    message: 'The service must be asked, but there is no API key.',
    hint: misnamedKey
      ? `Name the variable MESHY_API_KEY: \`${misnamedKey}\` is set, but variables with that prefix may be published.`
      : `Set MESHY_API_KEY in the environment${files}.`,
  })
}
