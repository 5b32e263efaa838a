import { plural } from '../system/format.ts'
import { readLockfileText } from './merge.ts'
import { defineCommand } from './command.ts'
import { formatCredits, formatTable, print, printJson } from './print.ts'
import { lockfileOf, openCommand, projectArgs } from './project.ts'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { MeshyError } from '../system/errors.ts'
import type { Entry } from '../store/entry.ts'
import { entryOf, type LockfileDocument } from '../store/lockfile-document.ts'

export const diff = defineCommand({
  meta: { name: 'diff', description: 'List the models added, changed and removed since a git revision.' },
  args: {
    revision: { type: 'positional', description: 'A git revision.', required: false, default: 'HEAD' },
    ...projectArgs,
  },
  async run({ revision, json, ...args }) {
    const { context } = await openCommand(args)
    const file = lockfileOf(context)
    const text = await readAtRevision(file, revision)
    const { lockfile, hasher } = context.ports.store
    const before = readLockfileText(text, { file: `${file} at ${revision}`, hasher })
    const after = (await lockfile?.all()) ?? new Map()
    const differences = compareModels(modelsIn(before), after)
    if (json) printJson({ models: differences, credits: sum(differences) })
    else if (after.size === 0 && differences.length === 0)
      print(`No model is pinned now or at ${revision}. Looked in \`${file}\`.`)
    else print(format(differences, revision))
  },
})

/** By key. */
function modelsIn({ models }: LockfileDocument): Map<string, Entry> {
  return new Map(Object.entries(models).map(([key, model]) => [key, entryOf(key, model)]))
}

function format(differences: readonly Difference[], revision: string): string {
  if (differences.length === 0) return `The same models as at ${revision}.`
  const rows = differences.map(({ change, image, key, source, credits }) => {
    const price = credits > 0 ? formatCredits(credits) : ''
    return [change, image, key, source === 'pinned' ? 'own bytes' : source, price]
  })
  const headings = ['', 'image', 'key', 'from', 'credits']
  const total = `${plural(differences.length, 'model')} since ${revision}, ${formatCredits(sum(differences))}`
  return `${formatTable(headings, rows)}\n${total}`
}

function sum(differences: readonly Difference[]): number {
  return differences.reduce((total, { credits }) => total + credits, 0)
}

/**
 * The text of a file at a revision; undefined if the revision has no such file.
 *
 * @param file absolute path
 * @throws {MeshyError} MESHY_GIT_FAILED
 */
async function readAtRevision(file: string, revision: string): Promise<string | undefined> {
  const cwd = path.dirname(file)
  const name = `./${path.basename(file)}`
  // Before the first commit of a repository, there is nothing that could have a lockfile.
  if (revision === 'HEAD' && (await git(['rev-list', '--max-count=1', '--all'], cwd)) === '') return undefined
  const commit = (await git(['rev-parse', '--verify', `${revision}^{commit}`], cwd)).trim()
  const listed = await git(['ls-tree', '--name-only', commit, '--', name], cwd)
  return listed.trim() === '' ? undefined : git(['show', `${commit}:${name}`], cwd)
}

async function git(args: string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd, maxBuffer: 256 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string | number }
    const reason = stderr?.trim() || `it could not be started (\`${code}\`)`
    throw new MeshyError('MESHY_GIT_FAILED', {
      message: `\`git ${args.join(' ')}\` failed: ${reason}`,
      hint:
        'Check that the lockfile is in a git repository, and the name of the revision. A shallow clone, as in CI, may not ' +
        'contain it.',
      cause: error,
    })
  }
}

/** A model that differs between two lockfiles. */
export interface Difference {
  change: 'added' | 'changed' | 'removed'
  key: string
  image: string
  source: Entry['source']
  /** What the new bytes cost; 0 for removed models, and for the user's own. */
  credits: number
}

/**
 * What became of the models from one lockfile to another. Different bytes are a change; different provenance is not.
 */
export function compareModels(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): Difference[] {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys]
    .flatMap((key) => differenceOf(before.get(key), after.get(key)))
    .toSorted((a, b) => (`${a.image} ${a.key}` < `${b.image} ${b.key}` ? -1 : 1))
}

function differenceOf(before: Entry | undefined, after: Entry | undefined): Difference[] {
  if (!after) return before ? [toDifference('removed', before, 0)] : []
  if (before && hashesOf(before) === hashesOf(after)) return []
  const isNewModel = before?.files.glb.sha256 !== after.files.glb.sha256
  const credits = isNewModel && after.source !== 'pinned' ? (after.task?.credits ?? 0) : 0
  return [toDifference(before ? 'changed' : 'added', after, credits)]
}

function toDifference(
  change: Difference['change'],
  { key, image, source }: Entry,
  credits: number,
): Difference {
  return { change, key, image, source, credits }
}

function hashesOf({ files, derived }: Entry): string {
  return Object.entries({ ...files, ...derived })
    .map(([role, { sha256 }]) => `${role} ${sha256}`)
    .sort()
    .join('\n')
}
