import { MeshyError } from '../system/errors.ts'

export function invalidNumbers(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The bounds of the model cannot be told: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}
