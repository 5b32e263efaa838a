import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isMeshyError } from '../errors.ts'
import { systemClock, type Clock } from '../system/clock.ts'
import { writeAtomically } from '../system/durable.ts'
import { fileState, isSettled, type FileState } from '../system/file-state.ts'
import type { Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { readText } from './record.ts'
import { ifReadable } from './unreadable.ts'
import { orUnwritable } from './unwritable.ts'

/**
 * What was found out by reading a file, for as long as the file stays in the same state: by this run, and by earlier
 * ones on this machine. Only to save the reading: whoever has no note reads.
 */
export interface FileNotes {
  /** @param file absolute path */
  get(file: string, state: FileState): Promise<string | undefined>
  /** @param note one line */
  set(file: string, state: FileState, note: string): void
  /** Hands on to later runs what was set. Where that cannot be written, they read again. */
  save(): Promise<void>
}

interface Note {
  state: string
  note: string
}

export function createFileNotes(
  layout: Layout,
  prepare = createPreparation(layout),
  clock: Clock = systemClock,
): FileNotes {
  const own = new Map<string, Note>()
  const unsaved = new Map<string, Note>()
  let earlier: Promise<ReadonlyMap<string, Note>> | undefined
  // Relative, so that a project can be moved together with its cache.
  const nameOf = (file: string) => relative(layout.root, file).replaceAll('\\', '/')
  return {
    get: async (file, state) => {
      const name = nameOf(file)
      const known = own.get(name) ?? (await (earlier ??= readNotes(layout.notes))).get(name)
      return known?.state === state.text ? known.note : undefined
    },
    set: (file, state, note) => {
      own.set(nameOf(file), { state: state.text, note })
      if (isSettled(state, clock.now())) unsaved.set(nameOf(file), { state: state.text, note })
    },
    save: async () => {
      if (unsaved.size === 0) return
      const notes = new Map(unsaved)
      unsaved.clear()
      await orLeave(async () => {
        await prepare()
        await writeNotes(layout, notes)
      })
    },
  }
}

/** The state of a file; undefined when there is none. */
export async function readFileState(file: string): Promise<FileState | undefined> {
  return await ifReadable(file, async () => fileState(await stat(file, { bigint: true })))
}

const SEPARATOR = '\t'

/** By name. A line that is torn, since the file is not synced, fits no state and so does no harm. */
async function readNotes(file: string): Promise<Map<string, Note>> {
  const lines = ((await readText(file)) ?? '').split('\n')
  return new Map(
    lines.map((line) => {
      const [state = '', note = '', ...name] = line.split(SEPARATOR)
      return [name.join(SEPARATOR), { state, note }]
    }),
  )
}

/** Adds to what other processes have written meanwhile, and leaves out what does not hold any more. */
async function writeNotes(layout: Layout, notes: ReadonlyMap<string, Note>): Promise<void> {
  const known = [...(await readNotes(layout.notes))].filter(([name]) => !notes.has(name))
  const states = await Promise.all(known.map(([name]) => readFileState(join(layout.root, name))))
  const holding = known.filter(([, { state }], i) => states[i]?.text === state)
  const lines = [...holding, ...notes].map(([name, { state, note }]) => [state, note, name].join(SEPARATOR))
  const text = lines.map((line) => `${line}\n`).join('')
  await orUnwritable(layout.notes, () => writeAtomically(layout.notes, text, layout.tmp))
}

/** Nothing is lost where it cannot be written: a cache may be read-only. */
async function orLeave(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_CACHE_UNWRITABLE') throw error
  }
}
