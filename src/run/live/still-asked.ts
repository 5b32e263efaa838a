import { isMeshyError } from '../../system/errors.ts'
import { classify } from '../../finding/classify.ts'
import type { Context } from '../context.ts'
import type { Asked } from './consent.ts'
import { touchStateFile } from './state-file.ts'

/** What is asked now about a model that was asked about before: another server may have made it, an edit removed it. */
export async function stillAsked(
  context: Context,
  { request: { key } }: Asked,
): Promise<Asked | 'unwanted' | 'ready'> {
  try {
    const wanting = await context.serving.live?.wanting(key)
    if (!wanting) return 'unwanted'
    const finding = await classify(wanting.context.ports, wanting.request)
    if (!finding.entry) return { request: wanting.request, finding }
  } catch (error) {
    // The next load of its module says so.
    if (isMeshyError(error)) return 'unwanted'
    throw error
  }
  await touchStateFile(context, key)
  return 'ready'
}
