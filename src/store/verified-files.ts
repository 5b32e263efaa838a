import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import PQueue from 'p-queue'
import { errnoOf } from '../system/errors.ts'
import { systemClock, type Clock } from '../system/clock.ts'
import { writeAtomically } from '../system/durable.ts'
import { syncPath, fileState, isSettled, type FileState } from '../system/file.ts'
import type { Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { readText } from './record.ts'
import { ifExists, ifIntact, orUnwritable, OUT_OF_REACH } from './disk-errors.ts'

/**
 * The results of reading a file, valid as long as the file stays in the same state, from this run and from earlier ones
 * on this machine. They only save reading: without a note, the file is read.
 */
export type VerifiedFiles = ReturnType<typeof createVerifiedFiles>

interface Note {
  state: string
  note: string
}

export function createVerifiedFiles(
  layout: Layout,
  prepare = createPreparation(layout),
  clock: Clock = systemClock,
) {
  const own = new Map<string, Note>()
  const unsaved = new Map<string, Note>()
  let earlier: Promise<ReadonlyMap<string, Note>> | undefined
  // Relative, so that a project can be moved together with its cache.
  const nameOf = (file: string) => relative(layout.root, file).replaceAll('\\', '/')
  const isOutput = (name: string) => name.startsWith(`${nameOf(layout.out)}/`)
  return {
    /** @param file absolute path */
    get: async (file: string, state: FileState): Promise<string | undefined> => {
      const name = nameOf(file)
      const known = own.get(name) ?? (await (earlier ??= readNotes(layout.notes))).get(name)
      return known?.state === state.text ? known.note : undefined
    },
    /** @param note one line */
    set: (file: string, state: FileState, note: string): void => {
      own.set(nameOf(file), { state: state.text, note })
      if (isSettled(state, clock.now())) unsaved.set(nameOf(file), { state: state.text, note })
    },
    /** Passes on to later runs the notes about files that are safely on the disk. Other files are read again. */
    save: async (): Promise<void> => {
      if (unsaved.size === 0) return
      const candidates = [...unsaved]
      unsaved.clear()
      await ifPossible(async () => {
        const turns = new PQueue({ concurrency: SYNCS_AT_ONCE })
        const isSafe = async (name: string) => !isOutput(name) || (await isOnDisk(join(layout.root, name)))
        const areSafe = await turns.addAll(
          candidates.map(
            ([name]) =>
              () =>
                isSafe(name),
          ),
        )
        await prepare()
        await writeNotes(layout, new Map(candidates.filter((_, i) => areSafe[i])))
      })
    },
  }
}

/** The state of a file; undefined if there is none. */
export async function readFileState(file: string): Promise<FileState | undefined> {
  return await ifExists(file, async () => fileState(await stat(file, { bigint: true })))
}

const SYNCS_AT_ONCE = 8

/**
 * Flushes what was written to an output to the disk. A power failure could leave it with the noted size and times, but
 * without its bytes. False if that cannot be ruled out, as for a read-only file on Windows. Images belong to the user:
 * an image that was lost this way is lost, whatever the notes say.
 */
async function isOnDisk(file: string): Promise<boolean> {
  try {
    await syncPath(file, 'r')
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/**
 * State, note, and name, which comes last because it may contain a tab. Anything else that a crash left is not a line.
 */
const LINE = /^(\d+ -?\d+ -?\d+ \d+)\t([^\t\0]+)\t([^\0]+)$/

/** By name; none if they cannot be read. */
async function readNotes(file: string): Promise<Map<string, Note>> {
  const lines = ((await ifPossible(() => readText(file))) ?? '').split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [, state, note, name] = LINE.exec(line) ?? []
      return state && note && name ? [[name, { state, note }] as const] : []
    }),
  )
}

/** Adds to what other processes have written in the meantime, and drops what is no longer valid. */
async function writeNotes(layout: Layout, notes: ReadonlyMap<string, Note>): Promise<void> {
  const known = [...(await readNotes(layout.notes))].filter(([name]) => !notes.has(name))
  const stateOf = (name: string) => ifPossible(() => readFileState(join(layout.root, name)))
  const states = await Promise.all(known.map(([name]) => stateOf(name)))
  const holding = known.filter(([, { state }], i) => states[i]?.text === state)
  const lines = [...holding, ...notes].map(([name, { state, note }]) => [state, note, name].join('\t'))
  const text = lines.map((line) => `${line}\n`).join('')
  await orUnwritable(layout.notes, () => writeAtomically(layout.notes, text, layout.tmp))
}

/** Nothing is lost if notes can be neither read nor written: a cache may be read-only, or belong to someone else. */
function ifPossible<T>(step: () => Promise<T>): Promise<T | undefined> {
  return ifIntact(step, OUT_OF_REACH)
}
