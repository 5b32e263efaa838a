import { hasCode, MeshyError } from '../system/errors.ts'
import { TASK_KINDS, type TaskKind } from '../request/task-kinds.ts'
import type { Task } from '../service/task.ts'
import { watchTask } from '../service/watch.ts'
import { keyInName } from '../request/payload.ts'
import type { Context } from '../run/context.ts'

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
  let notFound: MeshyError | undefined
  for (const kind of TASK_KINDS) {
    try {
      return known(await client.retrieve(kind, id, { signal }), kind)
    } catch (error) {
      if (!hasCode(error, 'MESHY_API_NOT_FOUND')) throw error
      notFound = error
    }
  }
  throw notATask(id, notFound)
}

/** The error of an ID that the API does not know: the website has tasks of its own. */
function notATask(id: string, cause: MeshyError | undefined): MeshyError {
  return new MeshyError('MESHY_API_NOT_FOUND', {
    message: `The API does not know a task ${id} of this account.`,
    hint:
      'Tasks of the website are not visible to the API: download the model there, and run ' +
      '`unplugin-meshy pin "./hero.png?meshy" model.glb`. `unplugin-meshy tasks` lists the tasks of the API.',
    details: cause?.details ?? {},
    cause,
  })
}

/** Waits until a task has succeeded. @throws {MeshyError} MESHY_TASK_* for every other outcome */
export async function waitForTask(
  context: Context,
  id: string,
  onProgress: (task: Task) => void,
): Promise<AccountTask> {
  const { account, clock, options, signal } = await context.paying()
  const { client, log } = account()
  const { kind } = await findTask(context, id)
  const timeoutMs = options.taskTimeout
  return known(await watchTask(client, kind, id, { clock, signal, timeoutMs, log, onProgress }), kind)
}

function known(task: Task, kind: TaskKind): AccountTask {
  return { ...task, kind, key: task.name === undefined ? undefined : keyInName(task.name) }
}
