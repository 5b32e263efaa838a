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
import { ifExists, ifIntact, orUnwritable } from './disk-errors.ts'

/**
 * What was found out by reading a file, for as long as the file stays in the same state: by this run, and by earlier
 * ones on this machine. Only to save the reading: whoever has no note reads.
 */
export interface VerifiedFiles {
  /** @param file absolute path */
  get(file: string, state: FileState): Promise<string | undefined>
  /** @param note one line */
  set(file: string, state: FileState, note: string): void
  /** Hands on to later runs what was set of files that are safely on the disk. Elsewhere they read again. */
  save(): Promise<void>
}

interface Note {
  state: string
  note: string
}

export function createVerifiedFiles(
  layout: Layout,
  prepare = createPreparation(layout),
  clock: Clock = systemClock,
): VerifiedFiles {
  const own = new Map<string, Note>()
  const unsaved = new Map<string, Note>()
  let earlier: Promise<ReadonlyMap<string, Note>> | undefined
  // Relative, so that a project can be moved together with its cache.
  const nameOf = (file: string) => relative(layout.root, file).replaceAll('\\', '/')
  const isOutput = (name: string) => name.startsWith(`${nameOf(layout.out)}/`)
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

/** The state of a file; undefined when there is none. */
export async function readFileState(file: string): Promise<FileState | undefined> {
  return await ifExists(file, async () => fileState(await stat(file, { bigint: true })))
}

const SYNCS_AT_ONCE = 8

/**
 * Puts what was written to an output on the disk. A power cut could leave it with the size and the times that were noted,
 * and without its bytes. False where that cannot be told, as of a read-only file on Windows. Pictures are the user's: one
 * that was lost so is lost, whatever is noted of it.
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

/** State, note, and name, which comes last since it may hold a tab. Whatever else a crash left is no line. */
const LINE = /^(\d+ -?\d+ -?\d+ \d+)\t([^\t\0]+)\t([^\0]+)$/

/** By name; none where they cannot be read. */
async function readNotes(file: string): Promise<Map<string, Note>> {
  const lines = ((await ifPossible(() => readText(file))) ?? '').split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [, state, note, name] = LINE.exec(line) ?? []
      return state && note && name ? [[name, { state, note }] as const] : []
    }),
  )
}

/** Adds to what other processes have written meanwhile, and leaves out what does not hold any more. */
async function writeNotes(layout: Layout, notes: ReadonlyMap<string, Note>): Promise<void> {
  const known = [...(await readNotes(layout.notes))].filter(([name]) => !notes.has(name))
  const stateOf = (name: string) => ifPossible(() => readFileState(join(layout.root, name)))
  const states = await Promise.all(known.map(([name]) => stateOf(name)))
  const holding = known.filter(([, { state }], i) => states[i]?.text === state)
  const lines = [...holding, ...notes].map(([name, { state, note }]) => [state, note, name].join('\t'))
  const text = lines.map((line) => `${line}\n`).join('')
  await orUnwritable(layout.notes, () => writeAtomically(layout.notes, text, layout.tmp))
}

/** Nothing is lost where a note can be neither read nor written: a cache may be read-only, or somebody else's. */
function ifPossible<T>(step: () => Promise<T>): Promise<T | undefined> {
  return ifIntact(step, ['MESHY_CACHE_UNREADABLE', 'MESHY_CACHE_UNWRITABLE'])
}
