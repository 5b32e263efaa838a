import { isMeshyError, MeshyError } from '../errors.ts'
import type { Task } from '../meshy/task.ts'
import type { Entry, FileRole } from '../store/entry.ts'
import type { Request } from '../request/request.ts'
import type { Context } from './context.ts'
import { fetchFiles } from './fetch-files.ts'

/**
 * Fetches files of a finished request from its task again, unpaid. Pinned bytes must match; files that were never kept
 * are added to the entry.
 *
 * A model whose bytes cannot be had is never generated anew by itself: the error names the ways out.
 */
export async function restore(
  context: Context,
  request: Pick<Request, 'key'>,
  { entry, lacking }: { entry: Entry; lacking: readonly FileRole[] },
): Promise<Entry> {
  if (!entry.task) throw unrestorable(entry, lacking, 'they are your own bytes, which no task can give back')
  if (context.options.apiKey === undefined) {
    throw unrestorable(
      entry,
      lacking,
      `there is no MESHY_API_KEY to fetch them from task ${entry.task.id} with`,
    )
  }
  const { store, signal } = context
  return store.withLease(request.key, signal, async () => {
    const task = await retrieveTask(context, entry, lacking)
    const { kind } = entry.request
    const wanted = { kind, task, roles: lacking, expected: entry.files }
    const fetched = await fetchFiles(context, wanted).catch((error: unknown) => {
      throw hasOtherBytes(error) ? unrestorable(entry, lacking, `task ${task.id} gives other bytes`) : error
    })
    const lost = fetched.unavailable.filter((role) => entry.files[role] !== undefined)
    if (lost.length > 0) throw unrestorable(entry, lost, `task ${task.id} does not have them any more`)
    return addFiles(context, entry, fetched)
  })
}

async function retrieveTask(context: Context, entry: Entry, lacking: readonly FileRole[]): Promise<Task> {
  const taskId = entry.task?.id ?? ''
  const { client } = context.api()
  try {
    return await client.retrieve(entry.request.kind, taskId, { signal: context.signal })
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_API_NOT_FOUND') throw error
    throw unrestorable(entry, lacking, `task ${taskId} is gone: the service keeps tasks for 3 days`)
  }
}

/** Whether what was served, over all attempts, is not what is pinned. */
function hasOtherBytes(error: unknown): boolean {
  return isMeshyError(error) && error.code === 'MESHY_DOWNLOAD_INVALID' && 'expected' in error.details
}

/** Adds files to a stored entry: those that an import wants besides the GLB, at once or since a later day. */
export async function addFiles(
  { store }: Context,
  entry: Entry,
  { files, unavailable }: { files: Entry['files'] | Partial<Entry['files']>; unavailable: FileRole[] },
): Promise<Entry> {
  const isKnown = Object.keys(files).every((role) => role in entry.files)
  if (isKnown && unavailable.length === 0) return entry
  const missing = [...(entry.unavailable ?? []), ...unavailable]
  const grown: Entry = {
    ...entry,
    files: { ...entry.files, ...files },
    ...(missing.length > 0 ? { unavailable: missing } : {}),
  }
  const stored = await store.entries.read(entry.key)
  if (stored) await store.entries.write({ ...stored, ...grown })
  await store.lockfile?.put(grown)
  return grown
}

function unrestorable(entry: Entry, lacking: readonly FileRole[], reason: string): MeshyError {
  const names = lacking.map((role) => `\`${role}\``).join(', ')
  const details = { key: entry.key, taskId: entry.task?.id, roles: lacking }
  if (!lacking.some((role) => entry.files[role])) {
    return new MeshyError('MESHY_EXTRA_UNAVAILABLE', {
      message: `Files of \`${entry.image}\` (${names}) were not kept with its model, and ${reason}. Nothing was paid.`,
      hint: `Leave the directive out, or \`unplugin-meshy forget ${entry.key}\` to pay for a new model with it.`,
      details,
    })
  }
  return new MeshyError('MESHY_MODEL_UNRESTORABLE', {
    message: `The bytes of \`${entry.image}\` (${names}) are missing or damaged, and ${reason}. Nothing was paid.`,
    hint:
      `Restore the file under \`blobs\` of the cache (commit it, \`git lfs pull\`, a colleague's copy), or ` +
      `\`unplugin-meshy forget ${entry.key}\`, so that the next build pays for a new model.`,
    details,
  })
}
