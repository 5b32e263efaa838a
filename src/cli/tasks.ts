import { type Command, defineCommand, readNumber } from './command.ts'
import { formatTable, print, printError, printJson, printResult } from './print.ts'
import { openCommand, projectArgs } from './project.ts'
import { deleteTask } from './delete-task.ts'
import { findTask, listTasks, waitForTask, type AccountTask } from './account-tasks.ts'

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
