import { isMeshyError, MeshyError } from '../system/errors.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { estimateCredits } from '../request/price.ts'
import type { Task } from '../service/task.ts'
import type { Request } from '../request/request.ts'
import type { BlobRef, Entry, Provenance } from '../store/entry.ts'
import { hintToCommit } from './commit-hint.ts'
import type { Ports } from './ports.ts'
import { PLUGIN_VERSION } from '../system/version.ts'

/**
 * Stores a model whose bytes are in the cache: entry, lockfile, and last the end of the journal's record. A crash
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
  // Another machine may have pinned other bytes for the key meanwhile; then those are what it means.
  const pinned = (await store.lockfile?.put(entry)) ?? entry
  const record = await store.journal.read(request.key)
  // One of another task stays: whoever took the lease over has paid for that as well.
  if (record?.state !== 'accepted' || record.taskId === task.id) await store.journal.clear(request.key)
  hintToCommit(ports, pinned, { isFirst })
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

/** A model whose container is right but whose facts cannot be told was paid all the same: it is kept, and that is said. */
async function factsOf(
  { store, reporter: { notices } }: Ports,
  { imageName }: Request,
  glb: BlobRef,
): Promise<Facts> {
  try {
    return inspectGlb(await store.blobs.read(glb))
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_GLB_INVALID') throw error
    notices.once(`${imageName}: its facts (triangles, bounds) cannot be told and are 0: ${error.message}`)
    return NO_FACTS
  }
}

function entryOf(
  request: Request,
  { task, glb }: { task: Task; glb: BlobRef },
): Omit<Entry, 'source' | 'facts'> {
  const credits = task.consumedCredits ?? estimateCredits(request.canonical.kind, request.params)
  return {
    key: request.key,
    image: request.imageName,
    model: String(request.params['ai_model'] ?? 'latest'),
    request: request.canonical,
    files: { glb },
    task: { id: task.id, credits, ...(task.createdAt ? { createdAt: isoTime(task.createdAt) } : {}) },
  }
}

/** What only this machine knows; the lockfile holds nothing of it. */
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
    message: `Task ${task.id} succeeded, but its answer holds no GLB.`,
    hint: 'Report the task to Meshy.',
    details: { taskId: task.id },
  })
}
