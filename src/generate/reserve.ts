import type { Candidate } from './batch.ts'
import { type Reservation, overBudget } from './budget.ts'
import { hasCode, MeshyError, type ErrorCode } from '../system/errors.ts'
import type { Ports } from './ports.ts'
import { priceOf } from '../request/price.ts'
import { findFreeWay } from '../finding/free-way.ts'

/** What is held for each candidate of a batch, or why nothing in it may be paid for. */
type Reserved = ReadonlyMap<Candidate, Reservation | MeshyError>

/**
 * Reserves the price of everything that is to be paid for, and announces it; if it cannot be announced, the reservation
 * is released.
 */
export async function reserve(ports: Ports, toPay: Candidate[]): Promise<Reserved> {
  if (toPay.length === 0) return new Map()
  const refused = (reason: MeshyError) => new Map(toPay.map((candidate) => [candidate, reason]))
  const { maxCredits: cap } = ports.options
  const { budget } = ports.purse
  const prices = toPay.map(({ request }) => ({ image: request.imageName, credits: priceOf(request) }))
  const sum = prices.reduce((total, { credits }) => total + credits, 0)
  // Before anything is awaited: another instance of the plugin may be deciding about its own batch.
  const held = budget.allows(sum, cap) ? holdAll(ports, toPay) : undefined
  if (!held) return refused(overBudget(prices, sum, { reserved: budget.reserved, cap }))
  let isAnnounced = false
  try {
    const balance = await balanceOf(ports)
    if (balance !== undefined && balance < sum) return refused(creditsMissing(sum, balance))
    await announce(ports, toPay)
    isAnnounced = true
    return held
  } finally {
    if (!isAnnounced) for (const reservation of held.values()) reservation.release()
  }
}

/** Undefined if another process of the run was faster, and not all of it fits any more. */
function holdAll(
  { options, purse: { budget } }: Ports,
  toPay: Candidate[],
): Map<Candidate, Reservation> | undefined {
  const held = new Map<Candidate, Reservation>()
  try {
    for (const candidate of toPay)
      held.set(candidate, budget.reserve(priceOf(candidate.request), options.maxCredits))
    return held
  } catch (error) {
    for (const reservation of held.values()) reservation.release()
    if (hasCode(error, 'MESHY_BUDGET_EXCEEDED')) return undefined
    throw error
  }
}

/** Undefined if the service does not report it. This check is a courtesy: a submission without credits is refused. */
async function balanceOf({ account, signal }: Ports): Promise<number | undefined> {
  try {
    return await account().client.balance({ signal })
  } catch (error) {
    if (hasCode(error, ...TELLS_NO_BALANCE)) return undefined
    throw error
  }
}

/** Plans without the call, and gateways or accounts that report no number. */
const TELLS_NO_BALANCE: readonly ErrorCode[] = ['MESHY_API_FORBIDDEN', 'MESHY_API_BAD_RESPONSE']

function creditsMissing(sum: number, balance: number | undefined): MeshyError {
  return new MeshyError('MESHY_CREDITS_EXHAUSTED', {
    message: `The missing models cost ${sum} credits, but the account has only ${balance} credits. Nothing was submitted.`,
    hint: 'Buy credits at meshy.ai, or import fewer new models at once.',
    details: { sum, balance },
  })
}

async function announce(ports: Ports, toPay: Candidate[]): Promise<void> {
  const sum = toPay.reduce((total, candidate) => total + priceOf(candidate.request), 0)
  const names = toPay.map(
    (candidate) => `${candidate.request.imageName} (${priceOf(candidate.request)} credits)`,
  )
  ports.reporter.logger.info(`meshy: generating ${names.join(', ')}: ${sum} credits in total`)
  for (const { request } of toPay) {
    const free = await findFreeWay(ports, request)
    if (free) ports.reporter.notices.once(free)
  }
}
