import { MeshyError } from '../errors.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { estimateCredits } from '../meshy/pricing.ts'
import type { Task } from '../meshy/task.ts'
import type { Request } from '../request/request.ts'
import type { BlobRef, Entry, Provenance } from '../store/entry.ts'
import { hintToCommit } from './commit-hint.ts'
import type { Context } from './context.ts'
import type { FetchedFiles } from './fetch-files.ts'
import { PLUGIN_VERSION } from './version.ts'

/**
 * Stores a model whose bytes are in the cache: entry, lockfile, and last the end of the journal's record. A crash
 * between any two steps leaves a record that the next run resumes without paying.
 *
 * @throws {MeshyError} MESHY_TASK_NO_MODEL, MESHY_GLB_INVALID, MESHY_CACHE_UNWRITABLE
 */
export async function saveModel(
  context: Context,
  request: Request,
  { task, fetched }: { task: Task; fetched: FetchedFiles },
): Promise<Entry> {
  const { store, options, clock } = context
  const { glb } = fetched.files
  if (!glb) throw noModel(task)
  const entry: Entry = {
    ...entryOf(request, { task, fetched, glb }),
    source: options.emulated ? 'emulator' : 'meshy',
    facts: inspectGlb(await store.blobs.read(glb)),
  }
  await store.entries.write({ ...entry, provenance: provenanceOf(request, task, clock.now()) })
  const isFirst = (await store.lockfile?.all())?.size === 0
  // Another machine may have pinned other bytes for the key meanwhile; then those are what it means.
  const pinned = (await store.lockfile?.put(entry)) ?? entry
  await store.journal.clear(request.key)
  hintToCommit(context, pinned, { isFirst })
  return pinned
}

function entryOf(
  request: Request,
  { task, fetched, glb }: { task: Task; fetched: FetchedFiles; glb: BlobRef },
): Omit<Entry, 'source' | 'facts'> {
  const credits = task.consumedCredits ?? estimateCredits(request.canonical.kind, request.params)
  return {
    key: request.key,
    image: request.imageName,
    model: String(request.params['ai_model']),
    request: request.canonical,
    files: { ...fetched.files, glb },
    ...(fetched.unavailable.length > 0 ? { unavailable: fetched.unavailable } : {}),
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
