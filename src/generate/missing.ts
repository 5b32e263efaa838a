import { MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import type { Finding } from '../finding/classify.ts'
import type { LocalPorts } from './ports.ts'
import { buildElsewhere } from './build-elsewhere.ts'
import { priceOf } from '../request/price.ts'
import type { FileRole } from '../request/files.ts'

/** The error of a model that `frozen` may neither generate nor wait for. */
export function modelMissing(
  ports: LocalPorts,
  request: Request,
  { state, record, free }: Finding,
): MeshyError {
  const credits = state === 'missing' ? priceOf(request) : 0
  const what =
    state === 'missing'
      ? `is not in the lockfile; making it costs ${credits} credits`
      : `is on its way (task ${record?.state === 'accepted' ? record.taskId : 'unknown'}), but not stored and pinned yet`
  return new MeshyError('MESHY_MODEL_MISSING', {
    message: `\`${request.imageName}\` ${what}. This run is \`frozen\`, so nothing was submitted.`,
    hint: [free, buildElsewhere(ports)].filter(Boolean).join(' '),
    details: { key: request.key, credits, state },
  })
}

/** The error of files beside a pinned model that `frozen` may not fetch: nothing says what their bytes must be. */
export function filesMissing(
  ports: LocalPorts,
  { key, image }: Entry,
  roles: readonly FileRole[],
): MeshyError {
  const names = roles.map((role) => `\`${role}\``).join(', ')
  return new MeshyError('MESHY_MODEL_MISSING', {
    message:
      `\`${image}\` is pinned, but not its ${names}; fetching that costs 0 credits. ` +
      'This run is `frozen`, so nothing was fetched.',
    hint: buildElsewhere(ports),
    details: { key, credits: 0, roles },
  })
}
