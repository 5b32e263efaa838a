import type { Request } from '../../request/request.ts'
import { classify, type Finding } from '../../finding/classify.ts'
import { decide, isOffline, Permission } from '../../finding/modes.ts'
import type { Context } from '../context.ts'
import { askedNow } from './asking.ts'
import { deriveInBackground } from './derivations.ts'
import { startLive } from './live.ts'

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
  const { models, options } = context.ports
  if (!models.isLive || isOffline(options.mode)) return false
  const finding = await classify(context.ports, request)
  if (finding.state === 'ready') return deriveAgain(context, request, finding)
  if (decide(options.mode, finding.state) === 'fail') return false
  start(context, request, finding)
  return true
}

/** An approval covers the price that was shown: none for what is on its way, should that turn out to be gone. */
function start(context: Context, request: Request, finding: Finding): void {
  const permission = finding.state === 'missing' ? Permission.ofYes(request.key) : undefined
  startLive(context, request, { finding, permission })
}

/** Costs nothing. */
function deriveAgain(context: Context, request: Request, { entry, ...finding }: Finding): boolean {
  const { derivation } = finding
  if (!entry || !derivation || context.ports.options.mode === 'frozen') return false
  void deriveInBackground(context, request, { finding: { ...finding, entry }, derivation })
  return true
}
