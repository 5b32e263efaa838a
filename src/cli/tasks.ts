import type { Command } from './command.ts'

/** The tasks of the account. Each command below is a file of its own. */
export const tasks: Command = {
  meta: { name: 'tasks', description: 'List, show, wait for and delete the tasks of the account.' },
  default: 'list',
  subCommands: {
    list: async () => (await import('./tasks-list.ts')).tasksList,
    show: async () => (await import('./tasks-show.ts')).tasksShow,
    wait: async () => (await import('./tasks-wait.ts')).tasksWait,
    delete: async () => (await import('./tasks-delete.ts')).tasksDelete,
  },
}
