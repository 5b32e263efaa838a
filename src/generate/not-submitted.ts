import { MeshyError } from '../system/errors.ts'

/** What happens to a model that could be paid, in a build that fails for another one. */
export function notSubmitted(): MeshyError {
  return new MeshyError('MESHY_NOT_SUBMITTED', {
    message: 'Nothing was submitted, since another import of this build failed.',
    hint: 'Fix that one, then build again.',
  })
}
