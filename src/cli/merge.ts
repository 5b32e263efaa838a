import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import {
  mergeConflict,
  mergeTexts,
  type Choice,
  type Choose,
  type Merged,
  type MergeTexts,
} from '../run/commands/merge.ts'
import { withKeyLease } from '../generate/turn.ts'
import { writeDurably } from '../system/durable.ts'
import { defineCommand } from './command.ts'
import { plural, print, printJson, printResult } from './print.ts'
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
    printResult(json, { file: united }, `Both sides are combined. To continue: git add ${united}`)
  },
})

/** Writes what was combined, and refuses what is still open. */
async function settle(file: string, { text, choices }: Merged, writesChoices: boolean): Promise<void> {
  if (choices.length === 0 || writesChoices) await writeDurably(file, text)
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
  if (file !== context.ports.options.lockfile) return use(file)
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
    const { code } = error as NodeJS.ErrnoException
    throw new MeshyError('MESHY_LOCKFILE_INVALID', {
      message: `\`${file}\` cannot be read (\`${code}\`).`,
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
