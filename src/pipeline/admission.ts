import { MeshyError } from '../errors.ts'
import type { Task } from '../meshy/task.ts'
import {
  adoptable,
  candidatesFor,
  listRecentTasks,
  RETENTION_MS,
  startOf,
  submissionUnknown,
} from './adoption.ts'
import type { RecentTasks } from './adoption.ts'
import type { Admission, Candidate } from './batch.ts'
import { overBudget } from './budget.ts'
import type { Context } from './context.ts'
import { priceOf } from './price.ts'

/**
 * Decides about a whole batch before anything of it is paid:
 *
 * 1. The account's recent tasks are listed, which is free. One that carries a key is taken over.
 * 2. A submission that was cut off and cannot be found out is an error of its own.
 * 3. The rest is priced, announced, and held against the budget and the balance. Too much: nothing is submitted.
 */
export async function decideBatch(
  context: Context,
  candidates: Candidate[],
): Promise<(Admission | MeshyError)[]> {
  const recent = await recentTasks(context, candidates)
  const known = await context.store.knownTasks()
  const found = candidates.map((candidate) => findTask(candidate, recent, known))
  const toPay = candidates.filter((_, index) => found[index] === undefined)
  const refusal = toPay.length > 0 ? await refusalOf(context, toPay) : undefined
  if (!refusal) announce(context, toPay)
  const batch = new AbortController()
  return candidates.map((candidate, index) => found[index] ?? refusal ?? admit(context, candidate, batch))
}

async function recentTasks(context: Context, candidates: Candidate[]): Promise<RecentTasks> {
  const { client } = context.api()
  const kinds = new Set(candidates.map(({ request }) => request.canonical.kind))
  // Before its first answer the server's clock is unknown; an hour covers any that is off.
  const now = client.serverNow() ?? context.clock.now()
  return listRecentTasks(client, kinds, { since: now - RETENTION_MS, signal: context.signal })
}

function findTask(
  { request, record }: Candidate,
  recent: RecentTasks,
  known: ReadonlySet<string>,
): Admission | MeshyError | undefined {
  const task = adoptable(recent, request.key, record?.forgottenTasks ?? [])
  if (task) return { adopt: task }
  if (record?.state !== 'started') return undefined
  const candidates = lostTasks({ request, record }, recent, known)
  // Cut off before the answer: where names are echoed, or nothing was made since, the request never arrived.
  if (!record.lost && candidates.length === 0) return undefined
  return submissionUnknown(request, { candidates })
}

function lostTasks({ request, record }: Candidate, recent: RecentTasks, known: ReadonlySet<string>): Task[] {
  const { kind } = request.canonical
  return candidatesFor(recent, { kind, since: startOf(record) ?? 0, known })
}

async function refusalOf(context: Context, toPay: Candidate[]): Promise<MeshyError | undefined> {
  const { options, budget } = context
  const prices = toPay.map((candidate) => ({
    image: candidate.request.imageName,
    credits: priceOf(candidate.request),
  }))
  const sum = prices.reduce((total, { credits }) => total + credits, 0)
  if (!budget.allows(sum, options.maxCredits)) {
    return overBudget(prices, sum, { reserved: budget.reserved, cap: options.maxCredits })
  }
  const balance = await context.api().client.balance({ signal: context.signal })
  if (balance === undefined || balance >= sum) return undefined
  return new MeshyError('MESHY_CREDITS_EXHAUSTED', {
    message: `The missing models cost ${sum} credits, and the account has ${balance} credits. Nothing was submitted.`,
    hint: 'Buy credits at meshy.ai, or import fewer new models at once.',
    details: { sum, balance },
  })
}

function announce({ logger }: Context, toPay: Candidate[]): void {
  if (toPay.length === 0) return
  const sum = toPay.reduce((total, candidate) => total + priceOf(candidate.request), 0)
  const names = toPay.map(
    (candidate) => `${candidate.request.imageName} (${priceOf(candidate.request)} credits)`,
  )
  logger.info(`meshy: generating ${names.join(', ')}: ${sum} credits in all`)
}

function admit({ budget, options }: Context, candidate: Candidate, batch: AbortController): Admission {
  const credits = priceOf(candidate.request)
  budget.reserve(credits, options.maxCredits)
  return { credits, batch }
}
