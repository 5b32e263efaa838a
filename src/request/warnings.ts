import type { Directives } from './directives.ts'
import { modelWarning } from './models.ts'

/** What passes, but is worth telling the author of an import. */
export function requestWarnings(directives: Directives): string[] {
  const warnings: string[] = []
  if (directives.is_a_t_pose !== undefined) {
    warnings.push('`is_a_t_pose` is deprecated: write `pose=a-pose` or `pose=t-pose`.')
  }
  if (directives.hd_texture !== undefined) {
    warnings.push('`hd_texture` is deprecated: write `texture_resolution=4k`.')
  }
  if (directives.model_type === 'lowpoly') {
    warnings.push(
      '`model_type=lowpoly` was announced to retire on 2026-10-30: write `model_type=smart-topology`.',
    )
  }
  const model = directives.model === undefined ? undefined : modelWarning(directives.model)
  return model ? [...warnings, model] : warnings
}
