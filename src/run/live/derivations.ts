import { formatThrown } from '../../system/errors.ts'
import type { Request } from '../../request/request.ts'
import { readyAsset } from '../asset.ts'
import { classify } from '../../finding/classify.ts'
import type { Context, LiveDerivations } from '../context.ts'
import type { Derivation } from '../../finding/derivation.ts'
import { derive } from '../derive.ts'
import { SingleFlight } from '../../system/single-flight.ts'
import type { DerivationTask } from './tasks.ts'
import { touchStateFile } from './state-file.ts'

/**
 * What a live run derives while the model is shown as it came. What failed is not repeated by itself: another model,
 * other steps and another run try anew, and so does {@link start}, for a developer who asks.
 */
export class Derivations implements LiveDerivations {
  /** Why they failed, by the key of the derivation. */
  #failures = new Map<string, unknown>()
  readonly #running = new SingleFlight()

  /** Why a derivation failed in this run; undefined when it did not. */
  failureOf({ key }: Derivation): unknown {
    return this.#failures.get(key)
  }

  /** Remembers it. Whoever shows a live run has the model as it came from then on, also where no module is loaded again. */
  async noteFailure(
    context: Context,
    request: Request,
    { derivation, error }: { derivation: Derivation; error: unknown },
  ): Promise<void> {
    this.#failures.set(derivation.key, error)
    if (context.serving.live) await noteStored(context, request)
  }

  /** Derives in the background, once however often its module is loaded meanwhile. Resolves when that is over, and never rejects. */
  start(context: Context, request: Request, task: DerivationTask): Promise<void> {
    return this.#running.join(`${request.key} ${task.derivation.key}`, () =>
      this.#run(context, request, task),
    )
  }

  async #run(context: Context, request: Request, { finding, derivation }: DerivationTask): Promise<void> {
    this.#failures.delete(derivation.key)
    context.ports.models.begin(request, 'deriving')
    try {
      await derive(context, request, { entry: finding.entry, derivation })
      await noteStored(context, request)
    } catch (error) {
      if (context.ports.signal.aborted) return
      context.ports.reporter.logger.error(formatThrown(error))
      tellFailure(context, request, error)
    } finally {
      context.ports.models.end(request)
    }
    // After a failure as well: whoever loads the module is told of it.
    await touchStateFile(context, request.key)
  }
}

/** Tells whoever shows the run that an import does not get what it wants, and people once what happens now. */
export function tellFailure(context: Context, request: Request, error: unknown): void {
  context.ports.models.derivationFailed(request, error)
  const button = context.ports.options.inspector ? ', or you press Retry on the page of the inspector' : ''
  context.ports.reporter.notices.once(
    `${request.imageName}: its model is shown as it came. Nothing is derived from it again until its import or the ` +
      `model changes, the server starts anew${button}.`,
  )
}

/** Shows what is stored. Its module is loaded again only where a page is open that wants it. */
async function noteStored(context: Context, request: Request): Promise<void> {
  const { entry, ...finding } = await classify(context.ports, request)
  if (!entry || finding.state !== 'ready') return
  const ready = readyAsset({ ...finding, entry }, request)
  const asset = !finding.derivation ? ready : { ...ready, isProvisional: true as const }
  context.ports.models.served(request, asset)
}
