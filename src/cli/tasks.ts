import { isMeshyError, MeshyError } from '../system/errors.ts'
import { TASK_KINDS, type TaskKind } from '../request/task-kinds.ts'
import type { Task } from '../service/task.ts'
import { watchTask } from '../service/watch.ts'
import { keyInName } from '../request/payload.ts'
import type { Context } from '../run/context.ts'
import { findEntry } from '../finding/classify.ts'
import { ifIntact } from '../store/disk-errors.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { findRecord, type UnreadableRecord } from '../store/found-records.ts'
import { accountDigest } from '../store/journal.ts'
import { isOnItsWay } from '../finding/record-state.ts'
import { reliedOn } from './verify.ts'
import { type Command, defineCommand, readNumber } from './command.ts'
import { formatTable, print, printError, printJson, printResult } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

const tasksDelete = defineCommand({
  meta: { name: 'delete', description: 'Permanently delete a task and its files from the service.' },
  args: {
    task: { type: 'positional', description: 'ID of the task.', required: true },
    force: { type: 'boolean', description: 'Delete the task even if its files are not all stored.' },
    ...projectArgs,
  },
  async run({ task: id, force = false, json, ...args }) {
    const { context } = await openCommand(args)
    await deleteTask(context, id, { force })
    printResult(json, { id, deleted: true }, `Task ${id} is deleted.`)
  },
})

const tasksList = defineCommand({
  meta: { name: 'list', description: 'List the newest tasks of the account. Used if you name none.' },
  args: {
    limit: { type: 'string', description: 'Number of tasks to list.', default: '20' },
    ...projectArgs,
  },
  async run({ limit, json, ...args }) {
    const count = readNumber('limit', limit, { least: 1, whole: true })
    const { context } = await openCommand(args)
    const tasks = await listTasks(context, count)
    if (json) return printJson(tasks.map(factsOf))
    if (tasks.length === 0) return print('The account has no tasks.')
    const rows = tasks.map((task) => [
      task.id,
      stateOf(task),
      factsOf(task).createdAt?.slice(0, 16).replace('T', ' ') ?? '',
      task.name ?? '',
    ])
    print(formatTable(['task', 'state', 'created (UTC)', 'name'], rows))
  },
})

const tasksShow = defineCommand({
  meta: { name: 'show', description: 'Show a task.' },
  args: { task: { type: 'positional', description: 'ID of the task.', required: true }, ...projectArgs },
  async run({ task: id, json, ...args }) {
    const { context } = await openCommand(args)
    const facts = factsOf(await findTask(context, id))
    if (json) return printJson(facts)
    const lines = Object.entries(facts).flatMap(([name, value]) => {
      const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
      return text === '' ? [] : [`${name.padEnd(10)}  ${text}`]
    })
    print(lines.join('\n'))
  },
})

/** Waits for a task to end. Ctrl-C ends the waiting, not the task. */
const tasksWait = defineCommand({
  meta: { name: 'wait', description: 'Wait until a task has succeeded. A failed task is an error.' },
  args: { task: { type: 'positional', description: 'ID of the task.', required: true }, ...projectArgs },
  async run({ task: id, json, ...args }) {
    const { context } = await openCommand(args)
    let last = ''
    const task = await waitForTask(context, id, (heard) => {
      const state = stateOf(heard)
      if (state !== last) printError(`${id}: ${state}`)
      last = state
    })
    printResult(json, factsOf(task), `${id} has succeeded.`)
  },
})

export const tasks: Command = {
  meta: { name: 'tasks', description: 'List, show, wait for or delete the tasks of the account.' },
  default: 'list',
  subCommands: {
    list: async () => tasksList,
    show: async () => tasksShow,
    wait: async () => tasksWait,
    delete: async () => tasksDelete,
  },
}

/** What is shown of a task. Its signed addresses are left out: they are as good as the files. */
function factsOf(task: AccountTask) {
  return {
    id: task.id,
    kind: task.kind,
    status: task.status,
    progress: task.progress,
    name: task.name,
    key: task.key,
    createdAt: timeOf(task.createdAt),
    finishedAt: timeOf(task.finishedAt),
    credits: task.consumedCredits,
    aiModel: task.aiModel,
    files: Object.keys(task.urls),
    error: task.error?.message,
  }
}

/** `SUCCEEDED`, or its progress. */
function stateOf({ status, progress }: Pick<AccountTask, 'status' | 'progress'>): string {
  return status === 'IN_PROGRESS' ? `${status} ${progress} %` : status
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

/** A task of the account, and what this project knows about it. */
interface AccountTask extends Task {
  kind: TaskKind
  /** The key that its name carries. */
  key: string | undefined
}

/** The newest tasks of the account, of all kinds, whoever started them. */
async function listTasks(context: Context, limit: number): Promise<AccountTask[]> {
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
function notATask(id: string, error: unknown): unknown {
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
async function waitForTask(
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

/**
 * Permanently deletes a task and its files from the service.
 *
 * @param force also deletes a task whose model is on its way to a project of this machine, or which is the only source of
 * pinned bytes
 * @throws {MeshyError} MESHY_COMMAND_REFUSED; MESHY_JOURNAL_INVALID, MESHY_CACHE_VERSION for a record that may be of it
 */
export async function deleteTask(context: Context, id: string, { force }: { force: boolean }): Promise<void> {
  const task = await findTask(context, id)
  const refusal = force ? undefined : await refusalOf(context, task)
  if (refusal) throw new MeshyError('MESHY_COMMAND_REFUSED', refusal)
  const { account, signal } = await context.paying()
  await account().client.remove(task.kind, id, { signal })
}

/** Why a task is not deleted without force: something that was paid for would be lost with it. */
async function refusalOf(
  context: Context,
  task: AccountTask,
): Promise<{ message: string; hint: string } | undefined> {
  const image = await imageOnItsWay(context, task)
  if (image !== undefined) {
    return {
      message: `Task ${task.id} has the model of \`${image}\`, which is paid for but not stored yet.`,
      hint: 'Build to store it, or pass `--force` to give it up.',
    }
  }
  const lacking = await imageLacking(context, task)
  if (lacking !== undefined) {
    return {
      message: `Task ${task.id} has files of the model of \`${lacking}\` that are missing or damaged here.`,
      hint: 'Restore them with `unplugin-meshy verify --fetch`, or pass `--force` to give them up.',
    }
  }
  if (!(await isAwaitedElsewhere(context, task))) return undefined
  return {
    message: `Task ${task.id} was submitted by another project of this machine, which has not stored its model yet.`,
    hint: 'Build that project to store it, or pass `--force` to give it up.',
  }
}

/** The image of a model that the task made, and that the project relies on, but does not have all of. */
async function imageLacking(context: Context, { id }: AccountTask): Promise<string | undefined> {
  const { blobs } = context.ports.store
  for (const { image, task, files } of await reliedOn(context)) {
    if (task?.id !== id) continue
    for (const ref of Object.values(files)) if ((await blobs.verify(ref)) !== 'ok') return image
  }
  return undefined
}

/** Whether another project of this machine is known to have submitted a task whose model nobody here has. */
async function isAwaitedElsewhere({ ports }: Context, { id, key }: AccountTask): Promise<boolean> {
  const { store, options } = ports
  const { machine } = store.shared
  if (key === undefined || machine === undefined || options.apiKey === undefined) return false
  const told = await machine.onItsWay({ account: accountDigest(options.apiKey), key })
  // Where the answer was lost, the task with its name is the one that was paid for.
  if (!told || (told.taskId ?? id) !== id) return false
  const known = [await ifIntact(() => findEntry(ports, key)), await machine.find(key)]
  return known.every((entry) => entry?.task?.id !== id)
}

/** @throws the error of a record that cannot be read, and may belong to this task */
async function imageOnItsWay({ ports }: Context, task: AccountTask): Promise<string | undefined> {
  const { journal } = ports.store
  for (const key of await journal.keys()) {
    const record = await findRecord(journal, key)
    if (record?.state === 'unreadable') {
      if ((task.key ?? key) === key) await assertOfOther(ports, record, task.id)
    } else if (record && isOf(record, task, ports.clock.serviceNow())) return record.image
  }
  return undefined
}

function isOf(record: JournalRecord, { id, key }: AccountTask, now: number): boolean {
  if (record.state === 'accepted') return record.taskId === id
  // The answer was lost, so a task with its name is the one that was paid for.
  const isNamed = record.state === 'started' && record.key === key
  return isNamed && !record.forgottenTasks.includes(id) && isOnItsWay(record, now)
}

/** A record that cannot be read may belong to the task, unless the model of its key is stored, and came from the task. */
async function assertOfOther(ports: Context['ports'], record: UnreadableRecord, id: string): Promise<void> {
  const { key, error } = record
  const stored = await ifIntact(() => findEntry(ports, key))
  if (!stored) throw error
  if (stored.task?.id === id) return
  // Whoever forgets the key to settle the record gives up its model, too.
  const hint = `The model of \`${stored.image}\` is stored, so you can delete the record. Or pass \`--force\`.`
  throw new MeshyError(error.code, { message: error.message, hint, details: error.details, cause: error })
}

function known(task: Task, kind: TaskKind): AccountTask {
  return { ...task, kind, key: task.name === undefined ? undefined : keyInName(task.name) }
}
