import { plural } from '../system/format.ts'
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, MeshyError } from '../system/errors.ts'
import { withKeyLease } from '../generate/turn.ts'
import { writeLockfile } from '../store/lockfile.ts'
import { systemClock } from '../system/clock.ts'
import { createHasher, fingerprint, type Hasher } from '../request/fingerprint.ts'
import type { CanonicalRequest } from '../request/request.ts'
import {
  formatLockfile,
  type LockfileDocument,
  hasConflictMarkers,
  emptyLockfile,
  parseLockfile,
} from '../store/lockfile-document.ts'
import { indentOf } from '../system/json.ts'
import {
  mergeLockfiles,
  readConflict,
  type Choice,
  type Choose,
  type MergeSides,
} from '../store/lockfile-merge.ts'
import { defineCommand } from './command.ts'
import { print, printJson, printResult } from './print.ts'
import { lockfileOf, openCommand, placeOf, projectArgs, type ProjectArgs } from './project.ts'
import { UsageError } from './failure.ts'

/** Combines both sides of a lockfile after a git merge: as a command, or as git's merge driver. */
export const merge = defineCommand({
  meta: { name: 'merge', description: 'Combine both sides of a lockfile that git could not merge.' },
  args: {
    file: {
      type: 'positional',
      description: 'The lockfile; with --driver, the base version.',
      required: false,
    },
    current: {
      type: 'positional',
      description: 'With --driver: our side, which gets the result.',
      required: false,
    },
    other: { type: 'positional', description: 'With --driver: their side.', required: false },
    driver: { type: 'boolean', description: 'Run as a git merge driver: merge --driver %O %A %B.' },
    ours: { type: 'boolean', description: 'If the sides pin different bytes, keep ours.' },
    theirs: { type: 'boolean', description: 'If the sides pin different bytes, keep theirs.' },
    key: { type: 'string', description: 'Apply the choice to this key only.' },
    ...projectArgs,
  },
  async run({ file, current, other, driver = false, json, ...args }) {
    const { choose, hasChosen } = readChoice(args)
    if (!driver && current !== undefined) throw new UsageError('Without `--driver`, `merge` takes one file.')
    if (driver) {
      const { ours, texts } = await readVersions([file, current, other], args)
      await settle(ours, await mergeTexts(texts, { file: ours, choose }), true)
      if (json) printJson({ file: ours })
      return
    }
    const united = await asWriter(file, args, async (lockfile) => {
      const merged = await mergeConflict(await readSide(lockfile), { file: lockfile, choose })
      // With open choices, it changes only if something was chosen.
      if (merged) await settle(lockfile, merged, hasChosen)
      return merged && lockfile
    })
    if (united === undefined) return print('There is nothing to merge: the lockfile has no conflict markers.')
    printResult(json, { file: united }, `Both sides are combined. To continue: git add "${united}"`)
  },
})

/** Writes what was combined, and refuses what is still open. */
async function settle(file: string, { text, choices }: Merged, writesChoices: boolean): Promise<void> {
  if (choices.length === 0 || writesChoices) await writeLockfile(file, text, systemClock)
  if (choices.length > 0) throw undecided(file, choices)
}

/** Runs `use` with the lockfile to merge while no build writes it: under the lease of the project. */
async function asWriter<T>(
  name: string | undefined,
  args: ProjectArgs,
  use: (lockfile: string) => Promise<T>,
): Promise<T> {
  const { context, place } = await openCommand(args)
  const file = name ? path.resolve(place.cwd, name) : lockfileOf(context)
  if (file !== context.ports.options.lockfile || !existsSync(file)) return use(file)
  return withKeyLease(context.ports, { key: 'lockfile', imageName: path.basename(file) }, () => use(file))
}

interface ChoiceArgs {
  ours?: boolean | undefined
  theirs?: boolean | undefined
  key?: string | undefined
}

function readChoice({ ours, theirs, key }: ChoiceArgs): { choose: Choose; hasChosen: boolean } {
  if (ours && theirs) throw new UsageError('`--ours` and `--theirs` exclude each other.')
  const side = theirs ? 'theirs' : ours ? 'ours' : undefined
  if (key !== undefined && !side) throw new UsageError('`--key` needs `--ours` or `--theirs`.')
  return {
    choose: (choice) => (key === undefined || key === choice.key ? side : undefined),
    hasChosen: side !== undefined,
  }
}

/** The versions that git passes to a merge driver, and the file for the result. */
async function readVersions(
  names: (string | undefined)[],
  args: ProjectArgs,
): Promise<{ ours: string; texts: MergeTexts }> {
  const { cwd } = placeOf(args)
  const [base, ours, theirs] = names.map((name) => name && path.resolve(cwd, name))
  if (!base || !ours || !theirs)
    throw new UsageError('A merge driver takes three files: merge --driver %O %A %B')
  return {
    ours,
    texts: { base: await readSide(base), ours: await readSide(ours), theirs: await readSide(theirs) },
  }
}

async function readSide(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new MeshyError('MESHY_LOCKFILE_INVALID', {
      message: `\`${file}\` cannot be read (\`${errnoOf(error)}\`).`,
      hint: 'Pass the path of the lockfile.',
      cause: error,
    })
  }
}

function undecided(file: string, choices: readonly Choice[]): MeshyError {
  const list = choices.map(
    ({ key, ours, theirs }) =>
      `\n    ${ours.image} (${key}): ours ${shortHash(ours)}, theirs ${shortHash(theirs)}`,
  )
  return new MeshyError('MESHY_LOCKFILE_CONFLICT', {
    message: `${plural(choices.length, 'model')} of \`${file}\` ${choices.length === 1 ? 'has' : 'have'} different bytes on each side:${list.join('')}`,
    hint: 'Run `unplugin-meshy merge --ours` or `--theirs`; add `--key` to choose for one model only.',
    details: { file, keys: choices.map(({ key }) => key) },
  })
}

function shortHash({ files }: Choice['ours']): string {
  return files.glb.sha256.slice(0, 12)
}

/** The texts of the three sides of a merge; `base` is undefined if it is not known. */
interface MergeTexts {
  base: string | undefined
  ours: string
  theirs: string
}

interface Merged {
  /** The combined lockfile; while there are choices, one with conflict markers around exactly those. */
  text: string
  /** Keys that both sides pin to different bytes, and that nobody has chosen yet. */
  choices: Choice[]
}

/** How a merge reports, and who decides what people must decide. */
interface MergeOptions {
  /** For messages. */
  file: string
  choose: Choose
}

/**
 * Combines three versions of a lockfile, key by key. Each one is checked first.
 *
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
async function mergeTexts({ base, ours, theirs }: MergeTexts, options: MergeOptions): Promise<Merged> {
  const hasher = await createHasher()
  const read = (text: string, side: string) =>
    readLockfileText(text, { file: `${options.file} (${side})`, hasher })
  const sides: MergeSides = {
    base: base === undefined || base.trim() === '' ? undefined : read(base, 'base'),
    ours: read(ours, 'ours'),
    theirs: read(theirs, 'theirs'),
  }
  return unite(sides, ours, options)
}

/**
 * Combines the sides of a lockfile in which git left conflict markers, of any style; undefined if there are none.
 *
 * @throws {MeshyError} as {@link mergeTexts}
 */
async function mergeConflict(text: string, options: MergeOptions): Promise<Merged | undefined> {
  if (!hasConflictMarkers(text)) return undefined
  const hasher = await createHasher()
  const key = (request: CanonicalRequest) => fingerprint(request, hasher)
  return unite(readConflict(text, { file: options.file, fingerprint: key }), text, options)
}

/** In the style of the existing text. */
function unite(sides: MergeSides, text: string, { choose }: MergeOptions): Merged {
  const { merged, choices } = mergeLockfiles(sides, choose)
  const format = (document: LockfileDocument) => formatLockfile(document, indentOf(text))
  if (choices.length === 0) return { text: format(merged), choices }
  const [ours, theirs] = (['ours', 'theirs'] as const).map((side) =>
    format(chosen(merged, choices, side)).split('\n'),
  )
  if (!ours || !theirs) throw new TypeError('There are two sides.')
  return { text: withMarkers(ours, theirs), choices }
}

/**
 * The combined document as either side has it, with markers around the lines that differ: `mergeConflict` reads it
 * back.
 */
function withMarkers(ours: readonly string[], theirs: readonly string[]): string {
  const before = commonLines(ours, theirs)
  const after = commonLines(ours.slice(before).toReversed(), theirs.slice(before).toReversed())
  return [
    ...ours.slice(0, before),
    '<<<<<<< ours',
    ...ours.slice(before, ours.length - after),
    '=======',
    ...theirs.slice(before, theirs.length - after),
    '>>>>>>> theirs',
    ...ours.slice(ours.length - after),
  ].join('\n')
}

function chosen(
  merged: LockfileDocument,
  choices: readonly Choice[],
  side: 'ours' | 'theirs',
): LockfileDocument {
  const models = Object.fromEntries(choices.map((choice) => [choice.key, choice[side]]))
  return { ...merged, models: { ...merged.models, ...models } }
}

/** The number of identical lines at the start of two texts. */
function commonLines(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((line, i) => line !== b[i])
  return index === -1 ? a.length : index
}

/**
 * Parses the text of a lockfile, wherever it comes from: a revision, a side of a merge.
 *
 * @param text undefined or empty if there is none
 * @param file for messages
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export function readLockfileText(
  text: string | undefined,
  { file, hasher }: { file: string; hasher: Hasher },
): LockfileDocument {
  if (text === undefined || text.trim() === '') return emptyLockfile()
  return parseLockfile(text, { file, fingerprint: (request) => fingerprint(request, hasher) })
}
