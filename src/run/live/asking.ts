import { isMeshyError } from '../../system/errors.ts'
import { by } from '../../system/order.ts'
import type { Request } from '../../request/request.ts'
import { type Finding, type StoredFinding, classify } from '../../finding/classify.ts'
import { priceOf } from '../../request/price.ts'
import type { RunPorts, WaysToAgree, Context } from '../context.ts'
import { touchStateFile } from './state-file.ts'
import { mayGenerate } from '../../finding/modes.ts'
import { Permission } from '../../finding/permission.ts'
import { startLive } from './live.ts'

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
async function askedNow(ports: RunPorts, keys?: Iterable<string>): Promise<Asked[]> {
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
  await touchStateFile(ports, key)
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

/**
 * Generates models that wait for the developer's approval, in the background. The approval covers only these keys, and
 * only those that are still wanted and still missing. Without keys, it covers the models whose price the developer was
 * shown: others may have appeared since. Of one whose price has changed, the developer is asked again.
 */
export async function agree(context: Context, keys?: Iterable<string>): Promise<string[]> {
  const { ports } = context
  const { models } = ports
  const shown = models.all().flatMap((model) => (model.shown ? model.request.key : []))
  const asked = await askedNow(ports, keys ?? shown)
  // It was shown as on its way, for 0 credits, and has turned out to be gone.
  const dearer = asked.filter(
    ({ request, finding }) => finding.state === 'missing' && models.find(request.key)?.shown === 'on its way',
  )
  for (const { request } of dearer) models.shown(request, undefined)
  // Another approval may have come first.
  const taken = asked.filter((one) => !dearer.includes(one) && models.withdraw(one.request.key))
  for (const { request, finding } of taken) start(context, request, finding)
  return taken.map(({ request }) => request.key)
}

/**
 * Retries what failed in this run: generating a model, or deriving from one. It counts as another approval, and like
 * one it is ignored if nothing may be sent.
 */
export async function retry(context: Context, request: Request): Promise<boolean> {
  if (!mayGenerate(context.ports.options.mode)) return false
  const finding = await classify(context.ports, request)
  if (finding.state === 'ready') return deriveAgain(context, request, finding)
  start(context, request, finding)
  return true
}

/** An approval covers the price that was shown: none for what is on its way, should that turn out to be gone. */
function start(context: Context, request: Request, finding: Finding): void {
  const permission = finding.state === 'missing' ? Permission.ofYes(request.key) : undefined
  startLive(context, request, { finding, permission })
}

/** Costs nothing. */
async function deriveAgain(context: Context, request: Request, finding: StoredFinding): Promise<boolean> {
  const { derivation } = finding
  if (!derivation) return false
  const { deriveInBackground } = await import('../derive.ts')
  void deriveInBackground(context, request, { finding, derivation })
  return true
}
