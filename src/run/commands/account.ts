import { isMeshyError, MeshyError } from '../../system/errors.ts'
import { TASK_KINDS, type TaskKind } from '../../request/task-kinds.ts'
import type { Task } from '../../service/task.ts'
import { watchTask } from '../../service/watch.ts'
import { keyInName } from '../../request/payload.ts'
import type { Context } from '../context.ts'
import { findRecord } from '../../store/found-records.ts'

/** A task of the account, and what this project knows about it. */
export interface AccountTask extends Task {
  kind: TaskKind
  /** The key that its name carries. */
  key: string | undefined
}

/** The newest tasks of the account, of all kinds, whoever started them. */
export async function listTasks(context: Context, limit: number): Promise<AccountTask[]> {
  const { account, signal } = await context.paying()
  const { client } = account()
  const found: AccountTask[] = []
  for (const kind of TASK_KINDS) {
    let count = 0
    for await (const task of client.listAll(kind, {}, { signal })) {
      found.push(known(task, kind))
      count += 1
      if (count === limit) break
    }
  }
  return found.toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0)).slice(0, limit)
}

/**
 * A task by its ID alone: the kinds are tried in turn.
 *
 * @throws {MeshyError} MESHY_API_NOT_FOUND if none has it
 */
export async function findTask(context: Context, id: string): Promise<AccountTask> {
  const { account, signal } = await context.paying()
  const { client } = account()
  let notFound: unknown
  for (const kind of TASK_KINDS) {
    try {
      return known(await client.retrieve(kind, id, { signal }), kind)
    } catch (error) {
      if (!isMeshyError(error) || error.code !== 'MESHY_API_NOT_FOUND') throw error
      notFound = error
    }
  }
  throw notATask(id, notFound)
}

/** The error of an ID that the API does not know: the website has tasks of its own. */
export function notATask(id: string, error: unknown): unknown {
  if (!isMeshyError(error) || error.code !== 'MESHY_API_NOT_FOUND') return error
  return new MeshyError('MESHY_API_NOT_FOUND', {
    message: `The API does not know a task ${id} of this account.`,
    hint:
      'Tasks of the website are not visible to the API: download the model there, and run ' +
      '`unplugin-meshy pin "./hero.png?meshy" model.glb`. `unplugin-meshy tasks` lists the tasks of the API.',
    details: error.details,
    cause: error,
  })
}

/** Waits until a task has succeeded. @throws {MeshyError} MESHY_TASK_* for every other outcome */
export async function waitForTask(
  context: Context,
  id: string,
  onProgress: (task: Task) => void,
): Promise<AccountTask> {
  const { account, clock, options, signal } = await context.paying()
  const { client } = account()
  const { kind } = await findTask(context, id)
  const timeoutMs = options.taskTimeout
  return known(await watchTask(client, kind, id, { clock, signal, timeoutMs, onProgress }), kind)
}

/**
 * Permanently deletes a task and its files from the service.
 *
 * @param force also deletes a task whose model is on its way to this project
 * @throws {MeshyError} MESHY_COMMAND_REFUSED; MESHY_JOURNAL_INVALID, MESHY_CACHE_VERSION for a record that may be of it
 */
export async function deleteTask(context: Context, id: string, { force }: { force: boolean }): Promise<void> {
  const task = await findTask(context, id)
  const image = force ? undefined : await imageOnItsWay(context, task)
  if (image !== undefined) {
    throw new MeshyError('MESHY_COMMAND_REFUSED', {
      message: `Task ${id} has the model of \`${image}\`, which is paid for but not stored yet.`,
      hint: 'Build to store it, or pass `--force` to give it up.',
    })
  }
  const { account, signal } = await context.paying()
  await account().client.remove(task.kind, id, { signal })
}

/** @throws the error of a record that cannot be read, and may belong to this task */
async function imageOnItsWay(
  { ports: { store } }: Context,
  { id, key: named }: AccountTask,
): Promise<string | undefined> {
  for (const key of await store.journal.keys()) {
    const record = await findRecord(store.journal, key)
    if (record?.state === 'unreadable' && (named ?? key) === key) throw record.error
    if (record?.state === 'accepted' && record.taskId === id) return record.image
  }
  return undefined
}

function known(task: Task, kind: TaskKind): AccountTask {
  return { ...task, kind, key: task.name === undefined ? undefined : keyInName(task.name) }
}
