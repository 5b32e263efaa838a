import { formatThrown, isMeshyError } from '../../system/errors.ts'
import type { Request } from '../../request/request.ts'
import { readyAsset, standInAsset, type Asset } from '../asset.ts'
import { classify, type Finding } from '../../finding/classify.ts'
import type { Context, LiveModels, Wanting } from '../context.ts'
import { failedBefore, isOfOtherKey } from '../../finding/failed-before.ts'
import { factsOf } from '../../finding/derivation.ts'
import { derive } from '../derive.ts'
import { obtain, type Wanted } from '../../generate/obtain.ts'
import { lacksPermission, Permission } from '../../generate/permission.ts'
import { findInMachine } from '../../generate/share.ts'
import { ensureStateFile, touchStateFile } from './state-file.ts'
import type { LiveTask } from './tasks.ts'
import { Wishes } from './wishes.ts'

/** How long an import must stay as it is before it is paid: people save a picture several times in a row. */
const QUIET_MS = 1_000

/**
 * Models of a run that serves or watches: nobody waits. A stand-in goes out at once; when the real model is stored, a
 * state file that the bundler watches is touched, and the module is loaded again.
 */
export class Live implements LiveModels {
  /** Failures by key, and who told them: not tried again there, until the picture or the query changes the key. */
  #failed = new Map<string, { context: Context; error: unknown }>()
  /** Keys of models that are on their way, or will be after a quiet moment. */
  #running = new Map<string, Set<Context>>()
  #wishes = new Wishes()
  /** What the stores of the machine and the team have offered already: what came of it is no other the next time. */
  #offered = new Set<string>()

  async asset(context: Context, request: Request, task: LiveTask): Promise<Asset> {
    const unwanted = this.#wishes.add({ context, imported: task.imported, key: request.key })
    if (unwanted !== undefined) context.serving.consent.remove(unwanted)
    const stateFile = await ensureStateFile(context, request.key)
    const mayBeShared = task.action === 'ask' && (await this.#mayBeShared(context, request.key))
    const asked = this.#startOrAsk(context, request, { ...task, mayBeShared })
    const standIn = await context.makers.standIns.make(request)
    const isOver = asked === 'pending' && !this.#running.has(request.key)
    // It landed, and touched its file, before anybody watched that.
    const landed = isOver ? await readyNow(context, request) : undefined
    if (landed) return landed
    const state = isOver ? 'preview' : asked
    const failure = state === 'preview' ? this.#failureOf(context, task.finding, request.key) : undefined
    return {
      ...standInAsset(standIn, {
        state,
        request,
        facts: factsOf(context.ports, request, task.finding.entry),
      }),
      stateFile,
      failure,
    }
  }

  /** Generates a model in the background after all: the developer said so. */
  start(context: Context, request: Request, wanted: Wanted): void {
    this.#failed.delete(request.key)
    context.serving.consent.remove(request.key)
    void this.#run(context, request, { ...wanted, ready: () => this.wanting(request.key) })
  }

  /** Who wants the model of a key, by what is on disk now; undefined when nobody does any more. */
  wanting(key: string): Promise<Wanting | undefined> {
    return this.#wishes.find(key)
  }

  /**
   * Whether a store of the machine or the team may have a model that was not tried yet: one that was forgotten here, or
   * whose bytes are damaged, is offered again and again. A team is asked once, in the background.
   */
  async #mayBeShared(context: Context, key: string): Promise<boolean> {
    const found = await findInMachine(context.ports, key)
    const offers = found ? [`${key} ${found.entry.files.glb.sha256} ${found.entry.task?.id}`] : []
    if (context.ports.store.shared.team?.keepsEntries) offers.push(`${key} team`)
    const untried = offers.filter((offer) => !this.#offered.has(offer))
    for (const offer of untried) this.#offered.add(offer)
    return untried.length > 0
  }

  #startOrAsk(
    context: Context,
    request: Request,
    { finding, action, mayBeShared }: LiveTask & { mayBeShared: boolean },
  ): 'pending' | 'preview' {
    const { key } = request
    if (this.#joinRunning(context, request)) return 'pending'
    const failure = this.#failureOf(context, finding, key)
    const isTold = this.#failed.get(key)?.context === context
    if (isMeshyError(failure) && !isTold) {
      context.ports.models.failed(request, failure)
      context.ports.reporter.notices.once(`${failure.message} ${failure.hint}`)
    }
    if ((action === 'ask' && !mayBeShared) || failure) {
      context.serving.consent.ask({ request, finding })
      return 'preview'
    }
    const ready = action === 'submit' ? () => this.#quiet(context, key) : async () => ({ context, request })
    void this.#run(context, request, { finding, permission: undefined, ready })
    return 'pending'
  }

  /** Why a model failed in this run, or in an earlier one; undefined when it did not. */
  #failureOf(context: Context, { record }: Finding, key: string): unknown {
    const own = this.#failed.get(key)
    if (own?.context === context) return own.error
    if (record?.state !== 'failed' || isOfOtherKey(context.ports, record)) return undefined
    return failedBefore(record)
  }

  /** After a restart of a server, its models are on their way by the one before. */
  #joinRunning(context: Context, request: Request): boolean {
    const contexts = this.#running.get(request.key)
    if (!contexts) return false
    if (!contexts.has(context)) context.ports.models.begin(request, 'begun')
    contexts.add(context)
    return true
  }

  async #quiet({ ports: { clock, signal } }: Context, key: string): Promise<Wanting | undefined> {
    await clock.sleep(QUIET_MS, signal)
    return this.#wishes.find(key)
  }

  /**
   * @param run.permission a developer's yes; without one, the mode of whoever wants the model decides
   * @param run.ready who still wants the model when its turn comes: the first import may be another one by then
   */
  async #run(
    context: Context,
    request: Request,
    { ready, ...wanted }: Wanted & { ready: () => Promise<Wanting | undefined> },
  ): Promise<void> {
    const { key } = request
    if (this.#running.has(key)) return
    this.#running.set(key, new Set())
    this.#joinRunning(context, request)
    try {
      const wanting = await ready()
      if (!wanting) return
      await makeReady(wanting, wanted)
    } catch (cause) {
      if (context.ports.signal.aborted || isOutdated(cause)) return
      if (lacksPermission(cause)) await askAfterAll(context, request)
      else this.#fail(context, request, cause)
    } finally {
      for (const { ports } of this.#running.get(key) ?? []) ports.models.end(request)
      this.#running.delete(key)
    }
    // After a failure as well: nothing is on its way any more, and the module says so.
    await touchStateFile(context, key)
  }

  #fail(context: Context, request: Request, cause: unknown): void {
    const error = isMeshyError(cause) ? cause.at({ file: request.imageName }) : cause
    this.#failed.set(request.key, { context, error })
    context.ports.models.failed(request, error)
    context.ports.reporter.logger.error(formatThrown(error))
  }
}

/** What seemed to be on its way is missing: nobody has allowed yet that it is paid. */
async function askAfterAll(context: Context, request: Request): Promise<void> {
  const finding = await classify(context.ports, request)
  if (!finding.entry) context.serving.consent.ask({ request, finding })
}

/** The picture was saved again in the last moment: its module is loaded again with another key. */
function isOutdated(error: unknown): boolean {
  return isMeshyError(error) && error.code === 'MESHY_IMAGE_CHANGED'
}

async function makeReady({ context, request }: Wanting, { finding, permission }: Wanted): Promise<void> {
  const { entry, derivation } = await obtain(context.ports, request, {
    finding,
    permission: permission ?? Permission.ofMode(context.ports.options.mode, request.key),
  })
  if (derivation) await derive(context, request, { entry, derivation })
  context.ports.reporter.logger.info(
    `meshy: ${request.imageName} is ready (${entry.facts.triangles} triangles)`,
  )
  await noteReady(context, request)
}

async function readyNow(context: Context, request: Request): Promise<Asset | undefined> {
  const { entry, state, ...finding } = await classify(context.ports, request)
  return entry && state === 'ready' ? readyAsset({ ...finding, state, entry }, request) : undefined
}

/** Its module is loaded again only where a page is open that wants it. */
async function noteReady(context: Context, request: Request): Promise<void> {
  const asset = await readyNow(context, request)
  if (asset) context.ports.models.served(request, asset)
}
