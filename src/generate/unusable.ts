import { isMeshyError, MeshyError, type ErrorCode } from '../system/errors.ts'
import type { Request } from '../request/request.ts'

/** What the service may give right the next time it is asked, or never. */
const UNUSABLE: ReadonlySet<ErrorCode> = new Set(['MESHY_TASK_NO_MODEL', 'MESHY_DOWNLOAD_INVALID'])

/** The error of a paid task that gives no usable model, with the way out that there is where it never will. */
export function withWayOut({ key }: Pick<Request, 'key'>, error: unknown): unknown {
  if (!isMeshyError(error) || !UNUSABLE.has(error.code)) return error
  return new MeshyError(error.code, {
    message: error.message,
    hint:
      'Run again: the task is asked anew, without paying. If it stays, report the task to Meshy; ' +
      `\`unplugin-meshy forget ${key}\` gives it up, so that the next build pays for a new model.`,
    details: { ...error.details, key },
    cause: error,
  })
}
