import type { Request } from '../../request/request.ts'
import { classify, type Finding } from '../classify.ts'
import type { Context } from '../context.ts'
import { decide, isOffline } from '../modes.ts'

/** Generates models that wait for the developer's yes, in the background. It holds for these keys alone. */
export function agree(context: Context, keys?: Iterable<string>): string[] {
  const asked = context.consent.take(keys)
  for (const { request, finding } of asked) context.live?.start(context, request, finding)
  return asked.map(({ request }) => request.key)
}

/**
 * Tries again what failed in this run: to make a model, or to derive from one. It is another yes, and like it not heard
 * where nothing may be sent.
 */
export async function retry(context: Context, request: Request): Promise<boolean> {
  const { live, options } = context
  if (!live || isOffline(options.mode)) return false
  const finding = await classify(context, request)
  if (finding.state === 'ready') return deriveAgain(context, request, finding)
  if (decide(options.mode, finding.state) === 'fail') return false
  live.start(context, request, finding)
  return true
}

/** Costs nothing. */
function deriveAgain(context: Context, request: Request, { entry, ...finding }: Finding): boolean {
  const { derivation, derived } = finding
  if (!entry || !derivation || derived || context.options.mode === 'frozen') return false
  void context.derivations.start(context, request, { finding: { ...finding, entry }, derivation })
  return true
}
