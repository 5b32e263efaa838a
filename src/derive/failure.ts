import { isMeshyError, MeshyError } from '../system/errors.ts'

/** What a step threw, as an error that names the step. */
export function failed(step: string, cause: unknown): MeshyError {
  if (isMeshyError(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MeshyError('MESHY_DERIVE_FAILED', {
    message: `\`${step}\` failed: ${reason.replace(/\.$/, '')}.`,
    hint: 'Remove the step that fails, and report it together with the model.',
    cause,
  })
}
