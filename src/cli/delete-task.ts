import { MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import { findEntry } from '../finding/classify.ts'
import { ifIntact } from '../store/disk-errors.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { findRecord, readAll, readKnownTasks, type UnreadableRecord } from '../store/found-records.ts'
import { accountDigest } from '../store/journal.ts'
import { earliestNow, isOnItsWay, RETENTION_MS } from '../finding/record-state.ts'
import { listRecentTasks } from '../generate/recent-tasks.ts'
import { candidatesFor, CLOCK_MARGIN_MS } from '../generate/recover.ts'
import type { OnItsWay } from '../store/shared/on-its-way.ts'
import { reliedOn } from './verify.ts'
import { findTask, type AccountTask } from './account-tasks.ts'

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
  const doubtful = await recordInDoubt(context, task)
  if (doubtful) {
    const { image, key } = doubtful
    return {
      message: `Task ${task.id} may be what was paid for \`${image}\`, because the answer to that submission was lost.`,
      hint: `Build to look for the right task, or adopt this one with \`unplugin-meshy adopt ${task.id} ${key}\`. \`--force\` gives it up.`,
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
    message: `Task ${task.id} was submitted by another project of this machine, or may have been, and its model is not stored yet.`,
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

/** Whether another project of this machine has submitted a task, or may have, whose model nobody here has. */
async function isAwaitedElsewhere({ ports }: Context, task: AccountTask): Promise<boolean> {
  const { store, options } = ports
  const { machine } = store.shared
  if (machine === undefined || options.apiKey === undefined) return false
  const isKnown = (await readKnownTasks(store)).has(task.id)
  for (const [key, told] of await machine.allOnItsWay(accountDigest(options.apiKey))) {
    if (told.taskId === undefined ? !mayBeOf(task, { key, told, isKnown }) : told.taskId !== task.id) continue
    const stored = [await ifIntact(() => findEntry(ports, key)), await machine.find(key)]
    if (stored.every((entry) => entry?.task?.id !== task.id)) return true
  }
  return false
}

/** Whether a task may be the one of a submission whose answer was lost. The one with its name is. */
function mayBeOf(
  task: AccountTask,
  { key, told, isKnown }: { key: string; told: OnItsWay; isKnown: boolean },
): boolean {
  if (task.key !== undefined) return task.key === key
  const since = Date.parse(told.sent?.sentAt ?? told.startedAt) - CLOCK_MARGIN_MS
  return !isKnown && (task.createdAt ?? since) >= since
}

/** @throws the error of a record that cannot be read, and may belong to this task */
async function imageOnItsWay({ ports }: Context, task: AccountTask): Promise<string | undefined> {
  const { journal } = ports.store
  for (const key of await journal.keys()) {
    const record = await findRecord(journal, key)
    if (record?.state === 'unreadable') {
      if ((task.key ?? key) === key) await assertOfOther(ports, record, task.id)
    } else if (record && isOf(record, task, earliestNow(ports.clock))) return record.image
  }
  return undefined
}

function isOf(record: JournalRecord, { id, key }: AccountTask, now: number): boolean {
  if (record.state === 'accepted') return record.taskId === id
  // The answer was lost, so a task with its name is the one that was paid for.
  const isNamed = record.state === 'started' && record.key === key
  return isNamed && !record.forgottenTasks.includes(id) && isOnItsWay(record, now)
}

/** The record of a submission whose task a build would look for among those without a key, if this is one of them. */
async function recordInDoubt(context: Context, task: AccountTask): Promise<JournalRecord | undefined> {
  const { store, clock, account, signal } = await context.paying()
  const now = earliestNow(clock)
  const lost = (await readAll(store.journal)).flatMap((record) =>
    record.state === 'started' && isOnItsWay(record, now) && !record.forgottenTasks.includes(task.id)
      ? record
      : [],
  )
  if (task.key !== undefined || lost.length === 0) return undefined
  const since = () => now - RETENTION_MS
  const recent = await listRecentTasks(account().client, [task.kind], { since, signal })
  const known = await readKnownTasks(store)
  return lost.find((record) => candidatesFor(recent, record, known).some(({ id }) => id === task.id))
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
