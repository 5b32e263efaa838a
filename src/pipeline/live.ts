import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { formatError, isMeshyError } from '../errors.ts'
import type { Request } from '../request/request.ts'
import { standInAsset, type Asset } from './asset.ts'
import type { Finding } from './classify.ts'
import type { Context } from './context.ts'
import type { Action } from './modes.ts'
import { obtain } from './obtain.ts'
import { makeStandIn } from './stand-in.ts'

/** What a live run does about a model that is not ready. */
export interface LiveTask {
  finding: Finding
  action: Action
}

/**
 * Models of a run that serves or watches: nobody waits. A stand-in goes out at once; when the real model is stored, a
 * state file that the bundler watches is touched, and the module is loaded again.
 */
export class Live {
  /** Failures by key: not tried again by themselves, until the picture or the query changes the key. */
  #failed = new Map<string, unknown>()

  async asset(context: Context, request: Request, { finding, action }: LiveTask): Promise<Asset> {
    const state = this.#startOrAsk(context, request, { finding, action })
    const standIn = await makeStandIn(context, request)
    const asset = standInAsset(standIn, { key: request.key, state, wanted: request.wanted })
    return { ...asset, watchFiles: [await ensureStateFile(context, request.key)] }
  }

  /** Generates a model in the background after all: the developer said so. */
  start(context: Context, request: Request, finding: Finding): void {
    this.#failed.delete(request.key)
    context.consent.remove(request.key)
    void this.#run(context, request, finding)
  }

  #startOrAsk(context: Context, request: Request, { finding, action }: LiveTask): 'pending' | 'preview' {
    const { key } = request
    if (context.flights.has(key)) return 'pending'
    if (this.#failed.has(key)) return 'preview'
    const failure = finding.record?.state === 'failed' ? finding.record.failure : undefined
    if (failure)
      context.notices.once(`${request.imageName}: ${failure.message} It is not submitted again by itself.`)
    if (action === 'ask' || failure) {
      context.consent.ask({ request, finding })
      return 'preview'
    }
    this.start(context, request, finding)
    return 'pending'
  }

  async #run(context: Context, request: Request, finding: Finding): Promise<void> {
    try {
      const { entry } = await obtain(context, request, finding)
      context.logger.info(`meshy: ${request.imageName} is ready (${entry.facts.triangles} triangles)`)
      await touchStateFile(context, request.key)
    } catch (error) {
      if (context.signal.aborted) return
      this.#failed.set(request.key, error)
      context.logger.error(
        isMeshyError(error) ? formatError(error) : String(error instanceof Error ? error.stack : error),
      )
    }
  }
}

/** It must exist before the module is handed out: bundlers do not watch what is not there. */
async function ensureStateFile({ store }: Context, key: string): Promise<string> {
  const file = store.layout.state(key)
  await store.prepare()
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, '', { flag: 'a' })
  return file
}

async function touchStateFile({ store, clock }: Context, key: string): Promise<void> {
  await writeFile(store.layout.state(key), `ready ${clock.now()}\n`)
}
