import { MeshyError } from '../system/errors.ts'
import type { Directives } from './directives.ts'
import { knownModels, retiredFamilies } from './models.ts'
import type { Request, RetiredChoice } from './request.ts'

/** What an import asks for that the service does not make any more, and that we therefore do not send. */
export function retiredChoice({ model, model_type: family }: Directives): RetiredChoice | undefined {
  const gone = family === undefined ? undefined : retiredFamilies.get(family)
  if (gone) return { written: `model_type=${family}`, ...gone }
  const { since, instead } = (model === undefined ? undefined : knownModels.get(model)) ?? {}
  return since && instead ? { written: `model=${model}`, since, instead } : undefined
}

/**
 * Refuses to have a model made that the service has retired. One that was made before is served all the same.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_INVALID
 */
export function assertStillMade({ imageName, retired }: Pick<Request, 'imageName' | 'retired'>): void {
  if (!retired) return
  const { written, since, instead } = retired
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${written}\` of \`${imageName}\` was retired on ${since}, so that the service makes none; expected \`${instead}\`.`,
    hint: `Write \`${instead}\`. Models that were made before stay as they are pinned.`,
    details: { received: written, allowed: instead },
  })
}
