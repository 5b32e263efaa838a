import { modelArg, openModel } from './subject.ts'
import { defineCommand } from './command.ts'
import { projectArgs } from './project.ts'
import { printResult } from './print.ts'
import { hasCode, MeshyError } from '../system/errors.ts'
import type { Task } from '../service/task.ts'
import { keyInName } from '../request/payload.ts'
import { findEntry } from '../finding/classify.ts'
import type { Context } from '../run/context.ts'
import { findTask } from './account-tasks.ts'
import { earliestNow, isOnItsWay } from '../finding/record-state.ts'
import { findRecord } from '../store/found-records.ts'
import { beginOf, recordOf } from '../generate/record.ts'
import type { Subject } from '../request/request.ts'
import { withKeyLease } from '../generate/turn.ts'

export const adopt = defineCommand({
  meta: { name: 'adopt', description: 'Give an import the model of an existing task, without paying.' },
  args: {
    task: { type: 'positional', description: 'ID of the task; see `tasks`.', required: true },
    model: modelArg,
    force: { type: 'boolean', description: 'Adopt the task even if it was made for another import.' },
    ...projectArgs,
  },
  async run({ task: taskId, model, force = false, json, ...args }) {
    const { context, subject } = await openModel(args, model)
    const { status } = await adoptTask(context, subject, { taskId, force })
    const { key, imageName: image } = subject
    printResult(
      json,
      { key, image, task: taskId, status },
      `${image} (${key}) has adopted task ${taskId} (${status}). The next build stores its model, without paying.`,
    )
  },
})

/**
 * Adopts a task of the account for a request, whoever started it: the next build waits for it, and stores its model
 * without paying. An explicit command overrides an earlier `forget`.
 *
 * @param force also adopts a task whose name carries the key of another request
 * @throws {MeshyError} MESHY_COMMAND_REFUSED if a model or another task would be lost; MESHY_API_NOT_FOUND
 */
export async function adoptTask(
  context: Context,
  subject: Subject,
  { taskId, force }: { taskId: string; force: boolean },
): Promise<Task> {
  const ports = await context.paying()
  const { store, signal, options, clock } = ports
  const { client, digest } = ports.account()
  const { kind } = subject.canonical
  const task = await client.retrieve(kind, taskId, { signal }).catch(async (error: unknown) => {
    if (!hasCode(error, 'MESHY_API_NOT_FOUND')) throw error
    // Each kind has tasks of its own.
    throw ofOtherKind(subject, await findTask(context, taskId))
  })
  assertFits(subject, task, force)
  await withKeyLease(ports, subject, async () => {
    const record = await findRecord(store.journal, subject.key)
    // This key has just read the task: from now on the record names it, whoever submitted the task.
    const reader = { host: options.baseUrl, account: digest }
    const startedAt = beginOf(task, clock.serviceNow())
    if (record?.state !== 'accepted' || record.taskId !== taskId) {
      await assertFree(context, subject)
      await store.journal.start(recordOf(ports, subject))
    }
    await store.journal.accept(subject.key, taskId, { ...reader, startedAt })
  })
  return task
}

function ofOtherKind(
  { imageName, canonical }: Subject,
  { id, kind }: { id: string; kind: string },
): MeshyError {
  return refused(
    `Task ${id} is one of \`${kind}\`, but \`${imageName}\` needs one of \`${canonical.kind}\`.`,
    'Name the import with exactly the directives that it has, or choose another task. `unplugin-meshy tasks` lists them.',
  )
}

function assertFits({ key, imageName }: Subject, task: Task, force: boolean): void {
  if (task.status === 'FAILED' || task.status === 'CANCELED') {
    throw refused(
      `Task ${task.id} is \`${task.status}\`, so it has no model for \`${imageName}\`.`,
      'Choose another task. `unplugin-meshy tasks` lists the tasks of the account.',
    )
  }
  const other = task.name && keyInName(task.name)
  if (!other || other === key || force) return
  throw refused(
    `Task ${task.id} was made for the key \`${other}\`, but \`${imageName}\` has the key \`${key}\`.`,
    'Choose another task, or pass `--force` if this is the model that you want.',
  )
}

async function assertFree(context: Context, { key, imageName }: Subject): Promise<void> {
  const { store } = context.ports
  if (await findEntry(context.ports, key)) {
    throw refused(
      `\`${imageName}\` already has a model.`,
      `To give it another one, first run \`unplugin-meshy forget ${key}\`.`,
    )
  }
  const record = await findRecord(store.journal, key)
  if (record?.state === 'unreadable') throw record.error
  if (record?.state !== 'accepted') return
  // The service keeps nothing of it any more, so there is nothing to lose.
  if (!isOnItsWay(record, earliestNow(context.ports.clock))) return store.journal.clear(key)
  throw refused(
    `\`${imageName}\` is on its way as task ${record.taskId}.`,
    `Wait for it with a build, or give it up with \`unplugin-meshy forget ${key}\`.`,
  )
}

function refused(message: string, hint: string): MeshyError {
  return new MeshyError('MESHY_COMMAND_REFUSED', { message, hint })
}
