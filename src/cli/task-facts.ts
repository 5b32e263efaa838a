import type { AccountTask } from '../run/commands/account.ts'

/** What is told of a task. Its signed addresses stay here: they are as good as the files. */
export interface TaskFacts {
  id: string
  kind: string
  status: string
  progress: number
  name: string | undefined
  key: string | undefined
  createdAt: string | undefined
  finishedAt: string | undefined
  credits: number | undefined
  aiModel: string | undefined
  files: string[]
  error: string | undefined
}

export function factsOf(task: AccountTask): TaskFacts {
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

/** `SUCCEEDED`, or how far it is. */
export function stateOf({ status, progress }: Pick<AccountTask, 'status' | 'progress'>): string {
  return status === 'IN_PROGRESS' ? `${status} ${progress} %` : status
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
