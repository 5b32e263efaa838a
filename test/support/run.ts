import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isMeshyError, type MeshyError } from '../../src/system/errors.ts'
import type { Asset } from '../../src/run/asset.ts'
import type { Context } from '../../src/run/context.ts'
import type { Environment } from '../../src/system/process.ts'
import { readImport } from '../../src/run/read-import.ts'
import type { Request } from '../../src/request/request.ts'
import { loadAsset } from '../../src/run/load.ts'
import { openContext } from '../../src/run/open.ts'
import { resolveOptions } from '../../src/run/options.ts'
import type { Options } from '../../src/run/option-types.ts'
import { findProject } from '../../src/run/project.ts'
import type { Clock } from '../../src/system/clock.ts'
import { makePng } from '../glb/pictures.ts'
import { hurriedClock } from './hurried-clock.ts'

/** Where a run finds the service. */
export interface Service {
  url: string
  apiKey: string
}

export interface RunInit {
  root: string
  service?: Service | undefined
  /** Besides service and mode, which is `generate` unless told otherwise. */
  options?: Options | undefined
  env?: Environment | undefined
  live?: boolean | undefined
  /** @default one that hardly sleeps */
  clock?: Clock | undefined
  signal?: AbortSignal | undefined
  /** As many models as this are waited for before a batch is decided, however slow this machine is. */
  gather?: number | undefined
  /** Hears what is told to people at once. */
  tell?: ((text: string) => void) | undefined
}

/** A run of the pipeline without a bundler. */
export interface TestRun {
  root: string
  context: Context
  /** Everything that was told to people. */
  told: string[]
  /** Loads an import such as `hero.png?meshy`, relative to the root. */
  load(specifier: string): Promise<Asset>
  /** Loads imports side by side and returns their assets or expected errors; others are thrown. */
  loadAll(specifiers: readonly string[]): Promise<(Asset | MeshyError)[]>
}

/** Opens a run as a bundler does. */
export async function openRun(init: RunInit): Promise<TestRun> {
  const { root, service, env = {}, live = false, gather = 0 } = init
  const told: string[] = []
  const tell = (text: string) => {
    told.push(text)
    init.tell?.(text)
  }
  const inline = {
    apiKey: service?.apiKey,
    baseUrl: service?.url,
    mode: 'generate',
    machineStore: false,
    ...init.options,
  } as const
  let [arrived, ticks] = [0, 0]
  const context = await openContext({
    options: resolveOptions(inline, {}, { root, project: findProject(root), env, live, underTest: false }),
    env,
    live,
    logger: { info: tell, warn: tell, error: tell },
    // A graph that shows something new each time is not quiet.
    activity: () => (arrived < gather ? (ticks += 1) : ticks),
    clock: init.clock ?? hurriedClock(),
    signal: init.signal,
  })
  context.ports.models.subscribe(({ work }, before) => {
    if (work?.step === 'waiting' && !work.isSent && work !== before?.work) arrived += 1
  })
  const load = (specifier: string) => loadImport(context, root, specifier)
  return {
    root,
    context,
    told,
    load,
    loadAll: (specifiers) => Promise.all(specifiers.map((specifier) => load(specifier).catch(expected))),
  }
}

/** Loads an import that stands in `main.js`. */
export async function loadImport(context: Context, root: string, specifier: string): Promise<Asset> {
  const file = path.join(root, specifier.slice(0, specifier.indexOf('?')))
  const site = async () => ({ file: 'main.js', line: 1 })
  const imported = context.project.imports.find(context.project.imports.add(specifier, { file, site }))
  const asset = imported && (await loadAsset(context, imported))
  if (!asset) throw new Error(`${specifier} gave no asset`)
  return asset
}

/** The request of an import that stands in `main.js`. */
export async function loadRequest(context: Context, root: string, specifier: string): Promise<Request> {
  const file = path.join(root, specifier.slice(0, specifier.indexOf('?')))
  const imported = context.project.imports.find(
    context.project.imports.add(specifier, { file, site: async () => ({ file: 'main.js', line: 1 }) }),
  )
  if (!imported) throw new Error(`${specifier} is no import`)
  return (await readImport(context, imported)).request
}

/** Leaves a project as a run does that ended right after its task was accepted: paid, and on its way. */
export async function leaveOnItsWay(
  root: string,
  service: Service,
  specifier: string,
  options?: Options,
): Promise<void> {
  const end = new AbortController()
  const { context, load } = await openRun({ root, service, options, signal: end.signal })
  const { journal } = context.ports.store
  const { accept } = journal
  journal.accept = async (...told) => {
    const record = await accept(...told)
    end.abort()
    return record
  }
  await load(specifier).catch((error: unknown) => {
    if (error !== end.signal.reason) throw error
  })
}

/** The expected error of work that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<MeshyError> {
  try {
    await work
  } catch (error) {
    return expected(error)
  }
  throw new Error('It was to fail, and did not')
}

function expected(error: unknown): MeshyError {
  if (isMeshyError(error)) return error
  throw error
}

/** Writes pictures, each of another colour and so with a key of its own. */
export async function writePictures(root: string, ...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const file = path.join(root, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, makePng(4, 2, { color: [index * 20, 80, 40] }))
  }
}
