import { estimateCredits } from '../service/pricing.ts'
import type { Request } from '../request/request.ts'

/** What a request would cost, in credits. */
export function priceOf({ canonical, params }: Request): number {
  return estimateCredits(canonical.kind, params)
}
