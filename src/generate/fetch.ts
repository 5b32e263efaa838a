import { MeshyError } from '../system/errors.ts'
import { download } from '../service/download.ts'
import type { Task } from '../service/task.ts'
import { checkFormat, extensionOf } from '../request/file-formats.ts'
import { fileOf, type FileRole } from '../request/files.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import type { BlobRef, Entry } from '../store/entry.ts'
import type { Ports, Expiring } from './ports.ts'
import { RETENTION_MS } from '../finding/record-state.ts'

/** Which files of which task to fetch, and what their bytes must be if that is known. */
interface FilesToFetch {
  kind: TaskKind
  task: Task
  roles: readonly FileRole[]
  /** Pinned digests: other bytes are refused. */
  expected?: Partial<Record<FileRole, BlobRef>> | undefined
}

interface FetchedFiles {
  files: Partial<Record<FileRole, BlobRef>>
  /** Roles that the task did not produce. */
  unavailable: FileRole[]
}

/** Fetches files of a finished task into the cache. They arrive complete and valid, or not at all. */
export async function fetchFiles(ports: Ports, wanted: FilesToFetch): Promise<FetchedFiles> {
  const fetched: FetchedFiles = { files: {}, unavailable: [] }
  for (const role of wanted.roles) {
    if (wanted.task.urls[role] === undefined) fetched.unavailable.push(role)
    else fetched.files[role] = await fetchFile(ports, wanted, role)
  }
  return fetched
}

async function fetchFile(ports: Ports, wanted: FilesToFetch, role: FileRole): Promise<BlobRef> {
  const { client, fetch, log } = ports.account()
  const { kind, task } = wanted
  const expected = wanted.expected?.[role]
  const { format } = fileOf(role)
  const urlIn = (current: Task) => {
    const url = current.urls[role]
    if (url === undefined) throw noFile(task, role)
    return url
  }
  return download(urlIn(task), {
    toldBy: ports.options.baseUrl,
    fetch,
    clock: ports.clock,
    log,
    signal: ports.signal,
    refresh: async () => urlIn(await client.retrieve(kind, task.id, { signal: ports.signal })),
    sink: (stream) =>
      ports.store.blobs.write(stream, {
        ext: expected?.ext ?? ((head) => extensionOf(format, head)),
        expected,
        check: (head, total) => {
          const oddity = checkFormat(format, role, { head, total })
          if (oddity)
            ports.reporter.notices.once(`the ${role} file of task ${task.id} ${oddity}; it is kept as it is`)
        },
        signal: ports.signal,
      }),
  })
}

function noFile(task: Task, role: FileRole): MeshyError {
  return new MeshyError('MESHY_TASK_NO_MODEL', {
    message: `Task ${task.id} no longer has a ${role} file.`,
    hint: 'Report the task to Meshy.',
    details: { taskId: task.id, role },
  })
}

/**
 * Records that the bytes of a model came from its task, as they would have to in the next run that starts like this
 * one.
 */
export function noteExpiring(
  { reporter, clock }: Pick<Ports, 'reporter' | 'clock'>,
  { key, image, task, source }: Entry,
  { isPinned }: Pick<Expiring, 'isPinned'>,
): void {
  if (source === 'emulator') return
  const createdAt = task?.createdAt === undefined ? clock.now() : Date.parse(task.createdAt)
  reporter.addExpiring({ key, image, until: createdAt + RETENTION_MS, isPinned })
}
