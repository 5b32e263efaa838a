import { isMeshyError, MeshyError } from '../errors.ts'
import type { Task } from '../meshy/task.ts'
import {
  adoptable,
  candidatesFor,
  isPastRetention,
  listRecentTasks,
  LOOK_AGAIN_MS,
  mayBeInTheMaking,
  RETENTION_MS,
  startOf,
  submissionUnknown,
} from './adoption.ts'
import type { RecentTasks } from './adoption.ts'
import type { Admission, Candidate } from './batch.ts'
import { overBudget } from './budget.ts'
import type { Context } from './context.ts'
import { findFreeWay } from './free-way.ts'
import { priceOf } from './price.ts'

/**
 * Decides about a whole batch before anything of it is paid:
 *
 * 0. A build that fails anyway, for an import that cannot be read, sends nothing and costs nothing.
 * 1. The account's recent tasks are listed, which is free. One that carries a key is taken over.
 * 2. A submission that was cut off and cannot be found out is an error of its own.
 * 3. The rest is priced, announced, and held against the budget and the balance. Too much: nothing is submitted.
 */
export async function decideBatch(
  context: Context,
  candidates: Candidate[],
): Promise<(Admission | MeshyError)[]> {
  const doom = doomed(context)
  if (doom) return candidates.map(() => doom)
  const recent = await recentTasks(context, candidates)
  const known = await context.store.knownTasks()
  const found = candidates.map((candidate) => findTask(context, candidate, { recent, known }))
  const toPay = candidates.filter((_, index) => found[index] === undefined)
  const refusal = toPay.length > 0 ? await reserve(context, toPay) : undefined
  if (!refusal) await announce(context, toPay)
  const batch = new AbortController()
  return candidates.map(
    (candidate, index) => found[index] ?? refusal ?? { credits: priceOf(candidate.request), batch },
  )
}

/** The tasks of the account, looked at again while a submission that was cut off just now may still become one. */
async function recentTasks(context: Context, candidates: Candidate[]): Promise<RecentTasks> {
  for (const pause of LOOK_AGAIN_MS.slice(1)) {
    const recent = await listOnce(context, candidates)
    const isMissed = ({ request, record }: Candidate) =>
      mayBeInTheMaking(context, record) && !adoptable(recent, request.key, record?.forgottenTasks ?? [])
    if (!candidates.some(isMissed)) return recent
    await context.clock.sleep(pause, context.signal)
  }
  return listOnce(context, candidates)
}

async function listOnce({ api, clock, signal }: Context, candidates: Candidate[]): Promise<RecentTasks> {
  const { client } = api()
  const kinds = new Set(candidates.map(({ request }) => request.canonical.kind))
  const since = () => (client.serverNow() ?? clock.now()) - RETENTION_MS
  return listRecentTasks(client, kinds, { since, signal })
}

function findTask(
  context: Context,
  { request, record }: Candidate,
  { recent, known }: { recent: RecentTasks; known: ReadonlySet<string> },
): Admission | MeshyError | undefined {
  const task = adoptable(recent, request.key, record?.forgottenTasks ?? [])
  if (task) return { adopt: task }
  if (record?.state !== 'started' || isPastRetention(context, record)) return undefined
  const candidates = lostTasks({ request, record }, recent, known)
  // Cut off before the answer: where names are echoed, or nothing was made since, the request never arrived.
  if (!record.lost && candidates.length === 0) return undefined
  return submissionUnknown(request, { candidates })
}

function lostTasks({ request, record }: Candidate, recent: RecentTasks, known: ReadonlySet<string>): Task[] {
  const { kind } = request.canonical
  return candidatesFor(recent, { kind, since: startOf(record) ?? 0, known })
}

function doomed({ isDoomed }: Context): MeshyError | undefined {
  if (!isDoomed()) return undefined
  return new MeshyError('MESHY_NOT_SUBMITTED', {
    message: 'Nothing was submitted, since another import of this build failed.',
    hint: 'Fix that one, then build again.',
  })
}

/** Reserves the price of all that is to be paid; returns why nothing of it may be. */
async function reserve(context: Context, toPay: Candidate[]): Promise<MeshyError | undefined> {
  const { options, budget } = context
  const prices = toPay.map(({ request }) => ({ image: request.imageName, credits: priceOf(request) }))
  const sum = prices.reduce((total, { credits }) => total + credits, 0)
  if (!budget.allows(sum, options.maxCredits)) {
    return overBudget(prices, sum, { reserved: budget.reserved, cap: options.maxCredits })
  }
  // Before anything is waited for: another instance of the plugin may be deciding about its own batch.
  budget.reserve(sum, options.maxCredits)
  let isCovered = false
  try {
    const balance = await balanceOf(context)
    isCovered = balance === undefined || balance >= sum
    return isCovered ? undefined : creditsMissing(sum, balance)
  } finally {
    if (!isCovered) budget.release(sum)
  }
}

/** Undefined where the service does not tell: it is a courtesy, and a submission without credits is refused. */
async function balanceOf({ api, signal }: Context): Promise<number | undefined> {
  try {
    return await api().client.balance({ signal })
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_API_FORBIDDEN') return undefined
    throw error
  }
}

function creditsMissing(sum: number, balance: number | undefined): MeshyError {
  return new MeshyError('MESHY_CREDITS_EXHAUSTED', {
    message: `The missing models cost ${sum} credits, and the account has ${balance} credits. Nothing was submitted.`,
    hint: 'Buy credits at meshy.ai, or import fewer new models at once.',
    details: { sum, balance },
  })
}

async function announce(context: Context, toPay: Candidate[]): Promise<void> {
  if (toPay.length === 0) return
  const sum = toPay.reduce((total, candidate) => total + priceOf(candidate.request), 0)
  const names = toPay.map(
    (candidate) => `${candidate.request.imageName} (${priceOf(candidate.request)} credits)`,
  )
  context.logger.info(`meshy: generating ${names.join(', ')}: ${sum} credits in all`)
  for (const { request } of toPay) {
    const free = await findFreeWay(context, request)
    if (free) context.notices.once(free)
  }
}
