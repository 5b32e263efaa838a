import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ensureFolder } from '../../system/durable.ts'
import { isMeshyError, hasErrno } from '../../system/errors.ts'
import { orUnwritable } from '../../store/disk-errors.ts'
import { isReadOnly } from '../../store/outputs.ts'
import { fileState } from '../../system/file.ts'
import { type Asset, type StateFile, readyAsset } from '../asset.ts'
import type { RunPorts } from '../context.ts'
import { classify } from '../../finding/classify.ts'
import type { Awaited } from '../models/model.ts'
import type { Request } from '../../request/request.ts'

/**
 * It must exist before the module is handed out: bundlers do not watch files that do not exist. Undefined if the cache
 * is read-only.
 */
export async function ensureStateFile({ store }: RunPorts, key: string): Promise<StateFile | undefined> {
  const file = store.layout.state(key)
  const create = async () => {
    await ensureFolder(path.dirname(file), { durable: false })
    await writeFile(file, '', { flag: 'a' })
  }
  try {
    await store.prepare()
    await orUnwritable(file, create)
  } catch (error) {
    if (isReadOnly(error)) return undefined
    throw error
  }
  return { path: file, text: await textOf(file) }
}

/** Whether a state file was touched since it was ensured. A file that is gone was not: nobody watches it. */
export async function isTouched({ path: file, text }: StateFile): Promise<boolean> {
  try {
    return (await textOf(file)) !== text
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

async function textOf(file: string): Promise<string> {
  return fileState(await stat(file, { bigint: true })).text
}

/** Nobody waits for this: if the file cannot be written, a server must continue. */
export async function touchStateFile({ store, clock, reporter }: RunPorts, key: string): Promise<void> {
  const file = store.layout.state(key)
  try {
    await orUnwritable(file, () => writeFile(file, `done ${clock.now()}\n`))
  } catch (error) {
    if (!isMeshyError(error)) throw error
    reporter.logger.warn(`meshy: ${error.message} Reload the page to see the model.`)
  }
}

/** Shows what is stored now. Its module is loaded again only if an open page wants it. */
export async function showStored(ports: RunPorts, request: Request): Promise<void> {
  const finding = await classify(ports, request)
  if (finding.state !== 'ready') return
  const ready = readyAsset(finding, request)
  ports.models.served(request, finding.derivation ? { ...ready, isProvisional: true } : ready)
}

/** An asset with what is touched when another one is to be shown, where somebody watches. */
export async function withStateFile(ports: RunPorts, asset: Asset): Promise<Asset> {
  if (!ports.models.isLive || asset.stateFile) return asset
  return { ...asset, stateFile: await ensureStateFile(ports, asset.metadata.key) }
}

/** An asset that nobody here works on, and that someone else may replace. */
export async function untilReplaced(ports: RunPorts, { request, asset }: Awaited): Promise<Asset> {
  const watched = await withStateFile(ports, asset)
  if (ports.models.isLive) ports.models.awaitArrival({ request, asset })
  return watched
}
