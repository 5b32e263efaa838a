import { hasCode, MeshyError } from '../system/errors.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { priceOf } from '../request/price.ts'
import type { Task } from '../service/task.ts'
import type { Request } from '../request/request.ts'
import { isSameModel, type BlobRef, type Entry, type Provenance } from '../store/entry.ts'
import type { Ports, Settings } from './ports.ts'
import { PLUGIN_VERSION } from '../system/version.ts'
import path from 'node:path'
import { type FileRole, fileOf } from '../request/files.ts'
import { EXTRA_FORMATS } from '../request/file-formats.ts'

/**
 * Stores a model whose bytes are in the cache: the entry, the lockfile, and last the end of the journal record. A crash
 * between any two steps leaves a record that the next run resumes without paying.
 *
 * @throws {MeshyError} MESHY_TASK_NO_MODEL, MESHY_CACHE_UNWRITABLE
 */
export async function saveModel(
  ports: Ports,
  request: Request,
  { task, glb }: { task: Task; glb: BlobRef | undefined },
): Promise<Entry> {
  const { store, options, clock } = ports
  if (!glb) throw noModel(task)
  const entry: Entry = {
    ...entryOf(request, { task, glb }),
    source: options.emulated ? 'emulator' : 'meshy',
    facts: await factsOf(ports, request, glb),
  }
  await store.entries.write({ ...entry, provenance: provenanceOf(request, task, clock.now()) })
  const isFirst = (await store.lockfile?.all())?.size === 0
  // Another machine may have pinned other bytes for the key in the meantime; then the key means those.
  const pinned = (await store.lockfile?.put(entry)) ?? entry
  const record = await store.journal.read(request.key)
  // Any other record stays: whoever took the lease over pays, or has paid, for another task.
  if (record?.state === 'accepted' && record.taskId === task.id) await store.journal.clear(request.key)
  await hintToCommit(ports, pinned, { isFirst })
  return pinned
}

const NO_FACTS: Facts = {
  triangles: 0,
  vertices: 0,
  materials: 0,
  textures: 0,
  animations: 0,
  bounds: { min: [0, 0, 0], max: [0, 0, 0], size: [0, 0, 0] },
}

/** A model with a valid container whose facts cannot be determined was still paid for: it is kept, with a notice. */
async function factsOf(
  { store, reporter: { notices } }: Ports,
  { imageName }: Request,
  glb: BlobRef,
): Promise<Facts> {
  try {
    return inspectGlb(await store.blobs.read(glb))
  } catch (error) {
    if (!hasCode(error, 'MESHY_GLB_INVALID')) throw error
    notices.once(
      `${imageName}: its facts (triangles, bounds) cannot be determined and are set to 0: ${error.message}`,
    )
    return NO_FACTS
  }
}

function entryOf(
  request: Request,
  { task, glb }: { task: Task; glb: BlobRef },
): Omit<Entry, 'source' | 'facts'> {
  const credits = creditsOf(request, task)
  return {
    key: request.key,
    image: request.imageName,
    model: String(request.params['ai_model'] ?? 'latest'),
    request: request.canonical,
    files: { glb },
    task: { id: task.id, credits, ...(task.createdAt ? { createdAt: isoTime(task.createdAt) } : {}) },
  }
}

/** What the service says that a task cost, or else the estimate. */
export function creditsOf(request: Request, { consumedCredits }: Task): number {
  return consumedCredits ?? priceOf(request)
}

/** What only this machine knows; none of it is in the lockfile. */
function provenanceOf(request: Request, task: Task, now: number): Provenance {
  const { createdAt, startedAt, finishedAt } = task
  return {
    pluginVersion: PLUGIN_VERSION,
    storedAt: isoTime(now),
    task: {
      ...(createdAt ? { createdAt: isoTime(createdAt) } : {}),
      ...(startedAt ? { startedAt: isoTime(startedAt) } : {}),
      ...(finishedAt ? { finishedAt: isoTime(finishedAt) } : {}),
    },
    ...(task.consumedCredits === undefined ? {} : { consumedCredits: task.consumedCredits }),
    ...(task.aiModel === undefined ? {} : { aiModel: task.aiModel }),
    params: request.params,
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

function noModel(task: Task): MeshyError {
  return new MeshyError('MESHY_TASK_NO_MODEL', {
    message: `Task ${task.id} succeeded, but its answer contains no GLB.`,
    hint: 'Report the task to Meshy.',
    details: { taskId: task.id },
  })
}

/** GitHub warns of files from 50 MiB and refuses them from 100 MiB (docs.github.com, "About large files"). */
const LARGE_MIB = 50
const MIB = 1024 * 1024

/**
 * Says once what to commit, when the project's first model is stored, and names files that a repository host may
 * refuse. Models of an emulator are not worth committing.
 */
export async function hintToCommit(
  ports: Ports,
  entry: Entry,
  { isFirst }: { isFirst: boolean },
): Promise<void> {
  const { options, reporter, store } = ports
  if (!options.lockfile || entry.source === 'emulator') return
  const relative = (file: string) => path.relative(options.projectDir, file).replaceAll('\\', '/')
  const blobs = `${relative(options.cacheDir)}/blobs`
  const { teamStore } = options
  if (isFirst) {
    const isUploaded = (await store.shared.team?.canWrite()) ?? false
    reporter.logger.info(`meshy: ${whatToCommit(options, { relative, isUploaded })}`)
  }
  if (teamStore?.writtenIn === 'config') return
  for (const { sha256, bytes, ext } of Object.values(entry.files)) {
    if (bytes < LARGE_MIB * MIB) continue
    reporter.notices.once(
      `${entry.image}: \`${blobs}/${sha256.slice(0, 2)}/${sha256}.${ext}\` has ${Math.round(bytes / MIB)} MiB; ` +
        'repository hosts refuse files of 100 MiB or more: use Git LFS for it, or ask for fewer triangles (`poly`)',
    )
  }
}

function whatToCommit(
  { lockfile, cacheDir, teamStore }: Settings,
  { relative, isUploaded }: { relative: (file: string) => string; isUploaded: boolean },
): string {
  const pins = lockfile ? relative(lockfile) : ''
  const gain = 'then everyone, including CI, builds these bytes without a key and without paying'
  if (teamStore?.writtenIn !== 'config')
    return `commit \`${pins}\` and \`${relative(cacheDir)}\` (its .gitignore admits the blobs): ${gain}`
  const { label } = teamStore.address
  return isUploaded
    ? `commit only \`${pins}\`, because the models are in the team store ${label}: ${gain}`
    : `upload the models to the team store ${label} with \`unplugin-meshy push\`, because git does not keep them, and commit \`${pins}\`: ${gain}`
}

/**
 * Adds files to a stored entry: those that an import wants besides the GLB, at once or later. In `frozen`, an entry is
 * never changed.
 */
export async function addFiles(
  { store, options, reporter: { notices } }: Ports,
  entry: Entry,
  { files, unavailable }: { files: Entry['files'] | Partial<Entry['files']>; unavailable: FileRole[] },
): Promise<Entry> {
  const isKnown = Object.keys(files).every((role) => role in entry.files)
  if (options.mode === 'frozen' || (isKnown && unavailable.length === 0)) return entry
  for (const role of unavailable.filter(isAsked)) {
    notices.once(`${entry.image}: its task produced no \`${role}\`, so the import has none`)
  }
  const missing = [...(entry.unavailable ?? []), ...unavailable]
  const grown: Entry = {
    ...entry,
    files: { ...entry.files, ...files },
    ...(missing.length > 0 ? { unavailable: missing } : {}),
  }
  const stored = await store.entries.read(entry.key)
  // What this machine knows of another model of the key stays as it is.
  if (stored && isSameModel(stored, entry)) await store.entries.write({ ...stored, ...grown })
  await store.lockfile?.put(grown)
  return grown
}

/** Files that an import requests one by one, not as some of many that may exist. */
function isAsked(role: FileRole): boolean {
  return fileOf(role).asks !== undefined || EXTRA_FORMATS.some((format) => format === role)
}
