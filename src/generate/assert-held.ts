import { MeshyError } from '../system/errors.ts'
import type { Lease } from '../store/lease.ts'
import type { Subject } from '../request/request.ts'

/** What it means where nothing was sent yet. */
export const NOT_SUBMITTED = 'Nothing was submitted.'

/**
 * Asked before a record is written or ended after something was waited for: it may be another machine's by now.
 *
 * @throws {MeshyError} MESHY_ABORTED when this machine hung for so long that another one took the request over
 */
export async function assertHeld(
  lease: Lease,
  { imageName }: Pick<Subject, 'imageName'>,
  consequence: string,
): Promise<void> {
  if (await lease.isHeld()) return
  throw new MeshyError('MESHY_ABORTED', {
    message: `Another machine took over \`${imageName}\` while this one hung. ${consequence}`,
    hint: 'Run again: what the other machine stored is found.',
  })
}
