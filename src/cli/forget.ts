import { defineCommand } from './command.ts'
import { openCommand, projectArgs } from './project.ts'
import { formatCredits, printResult } from './print.ts'
import { MeshyError } from '../system/errors.ts'
import { priceOf } from '../request/price.ts'
import { KEY_PATTERN } from '../store/entry.ts'
import type { Context } from '../run/context.ts'
import { findRecord } from '../store/found-records.ts'
import type { Subject } from '../request/request.ts'
import { ifIntact } from '../store/disk-errors.ts'
import { readSubject, modelArg, assertModelArgument } from './subject.ts'
import { withKeyLease } from '../generate/turn.ts'

export const forget = defineCommand({
  meta: { name: 'forget', description: 'Give a model up. The next build pays for a new one.' },
  args: { model: modelArg, ...projectArgs },
  async run({ model, json, ...args }) {
    assertModelArgument(model)
    const { context, place } = await openCommand(args)
    const forgotten = await forgetNamed(context, model, place.cwd)
    printResult(json, forgotten, format(forgotten))
  },
})

function format({ key, image, tasks, credits }: Forgotten): string {
  if (credits === undefined) {
    return (
      `${key} is forgotten; its record could not be read. The next build adopts the task of the account that ` +
      'carries this key, and pays only if there is none.'
    )
  }
  const names = tasks.length === 1 ? `task ${tasks[0]}` : `the tasks ${tasks.join(', ')}`
  const last = tasks.at(-1)
  const kept =
    last === undefined
      ? ''
      : ` This machine does not adopt ${names} again by itself; run \`adopt\` to do so. Other machines may still adopt a task ` +
        `for the 3 days that the service keeps it: \`unplugin-meshy tasks delete ${last}\` removes it permanently.`
  // Own bytes may have replaced a model that was paid for: its task is still in the account's list.
  const next =
    last === undefined
      ? `adopts the task of the account that carries this key, and pays ${formatCredits(credits)} only if there is none.`
      : `pays ${formatCredits(credits)} for it.`
  return `${image} (${key}) is forgotten. The next build ${next}${kept}`
}

/** What was given up, and what that will cost. */
export interface Forgotten {
  key: string
  image: string
  /** Tasks that are never adopted again by themselves. */
  tasks: string[]
  /** What the next build pays; undefined if nothing says what was requested. */
  credits: number | undefined
}

/**
 * Gives up the model that an argument of a command names. A key needs no import, and no readable record.
 *
 * @param folder absolute; the path of an import is relative to it
 */
export async function forgetNamed(context: Context, argument: string, folder: string): Promise<Forgotten> {
  const isSpoilt = KEY_PATTERN.test(argument) && (await isUnknowable(context, argument))
  return isSpoilt
    ? discard(context, argument)
    : forgetModel(context, await readSubject(context, argument, folder))
}

/**
 * Gives up what is known about a request, so that the next build pays again: its pin, its entry, and its task, if one
 * is on its way. The bytes stay until `prune`.
 *
 * The journal comes first: after a crash between two steps, the model still exists, and can be forgotten again.
 *
 * @throws {MeshyError} MESHY_MODEL_UNKNOWN if there is nothing to forget
 */
export async function forgetModel(context: Context, subject: Subject): Promise<Forgotten> {
  const { store, clock } = context.ports
  const { key, imageName: image, canonical: request, params } = subject
  return withKeyLease(context.ports, subject, async () => {
    const stored = await ifIntact(() => store.entries.read(key))
    const pinned = await store.lockfile?.get(key)
    const isStored = stored !== undefined || (await store.entries.keys()).includes(key)
    const found = await findRecord(store.journal, key)
    // An unreadable record counts: this command settles it.
    const hasRecord = found !== undefined && found.state !== 'forgotten'
    if (!isStored && !pinned && !hasRecord) throw nothing(subject, found !== undefined)

    const tasks = [stored, pinned].flatMap((entry) => entry?.task?.id ?? [])
    const forgottenAt = new Date(clock.serviceNow()).toISOString()
    const record = await store.journal.forget({ key, image, request, tasks, forgottenAt })
    await store.entries.remove(key)
    // Servers look again when it changes.
    await store.lockfile?.remove([key])
    return { key, image, tasks: record.forgottenTasks, credits: priceOf({ params }) }
  })
}

/** Whether a key has something, but nothing that says what was requested. */
async function isUnknowable({ ports: { store } }: Context, key: string): Promise<boolean> {
  if (await store.lockfile?.get(key)) return false
  if (await ifIntact(() => store.entries.read(key))) return false
  const record = await findRecord(store.journal, key)
  // A later release knows what it says, as does someone who may read the file.
  if (record?.state === 'unreadable' && record.error.code !== 'MESHY_JOURNAL_INVALID') throw record.error
  return record ? record.state === 'unreadable' : (await store.entries.keys()).includes(key)
}

function discard(context: Context, key: string): Promise<Forgotten> {
  const { store } = context.ports
  return withKeyLease(context.ports, { key, imageName: key }, async () => {
    await store.journal.discard(key)
    await store.entries.remove(key)
    return { key, image: '?', tasks: [], credits: undefined }
  })
}

function nothing({ key, imageName }: Subject, isForgotten: boolean): MeshyError {
  return new MeshyError('MESHY_MODEL_UNKNOWN', {
    message: `There is nothing to forget for \`${imageName}\` (${key}): it is neither pinned, nor stored, nor on its way.`,
    hint: isForgotten
      ? 'It was forgotten before. The next build makes a new model.'
      : 'Name the import with exactly the directives that it has. `unplugin-meshy status` lists all models.',
    details: { key },
  })
}
