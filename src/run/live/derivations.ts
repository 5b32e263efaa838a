import { formatThrown } from '../../system/errors.ts'
import type { Request } from '../../request/request.ts'
import type { StoredFinding } from '../../finding/classify.ts'
import type { Derivation } from '../../finding/derivation.ts'
import type { Context } from '../context.ts'
import { showStored, touchStateFile } from './state-file.ts'

/** A derivation that a live run has to do, from a stored model. */
export interface DerivationTask {
  finding: StoredFinding
  derivation: Derivation
}

/**
 * Derives in the background, while the model is shown as it came; once, however often its module is loaded in the
 * meantime. A failure is not retried by itself, only if a developer asks. Resolves when it is over, and never rejects.
 */
export function deriveInBackground(context: Context, request: Request, task: DerivationTask): Promise<void> {
  const { models } = context.ports
  return models.derivations.join(`${request.key} ${task.derivation.key}`, () => run(context, request, task))
}

async function run(
  context: Context,
  request: Request,
  { finding: { entry }, derivation }: DerivationTask,
): Promise<void> {
  const { models, signal, reporter } = context.ports
  models.beginDerivation(request, derivation)
  try {
    const { derive } = await import('../derive.ts')
    await derive(context, request, { entry, derivation })
    await showStored(context.ports, request)
  } catch (error) {
    if (signal.aborted) return
    reporter.logger.error(formatThrown(error))
    tellFailure(context, request, { derivation, error })
  } finally {
    models.end(request)
  }
  // After a failure as well: whoever loads the module is told about it.
  await touchStateFile(context, request.key)
}

/**
 * Reports to everything that shows the run that an import does not get what it wants, and tells people once what
 * happens now.
 */
export function tellFailure(
  { ports: { models, options, reporter } }: Context,
  request: Request,
  { derivation, error }: { derivation: Derivation; error: unknown },
): void {
  models.derivationFailed(request, derivation, error)
  const button = options.inspector ? ', or you press Retry in the inspector' : ''
  reporter.notices.once(
    `${request.imageName}: its model is shown as it came. It is not derived again until its import or the ` +
      `model changes, the server restarts${button}.`,
  )
}
