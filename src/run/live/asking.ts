import { isMeshyError } from '../../system/errors.ts'
import { by } from '../../system/order.ts'
import type { Request } from '../../request/request.ts'
import type { Finding } from '../../finding/classify.ts'
import { priceOf } from '../../request/price.ts'
import type { RunPorts, WaysToAgree } from '../context.ts'
import { touchStateFile } from './state-file.ts'

/** A model that waits for the developer's approval, in its current state. */
interface Asked {
  request: Request
  finding: Finding
}

/** How long imports are collected before the developer is asked about all of them. */
const GATHER_MS = 300

/** Asks the developer about models that a live run may generate only after approval, as they appear. */
export function askDeveloper(ports: RunPorts, ways: () => WaysToAgree): void {
  let isGathering = false
  const announce = async () => {
    isGathering = true
    await ports.clock.sleep(GATHER_MS)
    isGathering = false
    tellPrice(ports, await askedNow(ports), ways())
  }
  ports.models.subscribe((now) => {
    if (now.isAsked && !now.shown && !isGathering) void announce()
  })
}

/** What to ask about now: another server may have generated a model in the meantime, or an edit may have removed it. */
export async function askedNow(ports: RunPorts, keys?: Iterable<string>): Promise<Asked[]> {
  const all = ports.models.all().flatMap(({ isAsked, request }) => (isAsked ? request.key : []))
  const only = keys && new Set(keys)
  const asked = only ? all.filter((key) => only.has(key)) : all
  return (await Promise.all(asked.map((key) => readAgain(ports, key)))).flatMap((now) => now ?? [])
}

/**
 * Undefined for a model that is present, and for one that nobody imports: it is asked about again when somebody does.
 */
async function readAgain(ports: RunPorts, key: string): Promise<Asked | undefined> {
  try {
    const wanting = await ports.models.shared.findWanting(key)
    if (!wanting) return undefined
    const finding = await wanting.look()
    if (!finding.entry) return { request: wanting.request, finding }
  } catch (error) {
    // The next load of its module reports it.
    if (isMeshyError(error)) return undefined
    throw error
  }
  ports.models.withdraw(key)
  await touchStateFile({ ports }, key)
  return undefined
}

function tellPrice({ models, reporter: { logger } }: RunPorts, current: Asked[], ways: WaysToAgree): void {
  if (current.every(({ request, finding }) => models.find(request.key)?.shown === finding.state)) return
  const asked = current.toSorted(by(({ request }) => [request.imageName, request.key]))
  // A model on its way is only looked for.
  const missing = asked.filter(({ finding }) => finding.state === 'missing')
  const sum = missing.reduce((total, { request }) => total + priceOf(request), 0)
  const names = asked.map(({ request }) => request.imageName).join(', ')
  logger.info(`meshy: ${names}: ${sum} credits. ${sentence(ways)}`)
  for (const { finding } of asked) if (finding.free) logger.info(`meshy: ${finding.free}`)
  for (const { request, finding } of asked) models.shown(request, finding.state)
}

function sentence({ key, page }: WaysToAgree): string {
  if (key && page) return `Press ${key} to generate, or open ${page}`
  if (key) return `Press ${key} to generate.`
  return page
    ? `Open ${page} to generate.`
    : 'Build with MESHY_MODE=generate, or run `npx unplugin-meshy generate`.'
}
