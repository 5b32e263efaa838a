import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { rm, stat } from 'node:fs/promises'
import { systemClock, type Clock } from '../system/clock.ts'
import { TEMPORARY_NAME, writeDurably } from '../system/durable.ts'
import { type Layout, listFolder } from './layout.ts'
import { GUARD_NAME } from './lease-file.ts'
import { readText } from './record.ts'
import { orUnwritable } from './disk-errors.ts'
import { hasErrno } from '../system/errors.ts'

/** The files in the cache folder that are not part of the cache, for other programs. */
const SIGNS = {
  'CACHEDIR.TAG': `Signature: 8a477f597d28d172789f06886806bc55
# This folder is the cache of unplugin-meshy.
# See https://bford.info/cachedir/
`,
  '.gitignore': `# Written by unplugin-meshy. The models in blobs/ belong to the project, by Git LFS if you like;
# everything else belongs to this machine.
/*
!/.gitattributes
!/.gitignore
!/.ignore
!/CACHEDIR.TAG
!/blobs/
`,
  // Bytes of models would become class names: what they say would decide the CSS.
  '.ignore': `# Written by unplugin-meshy, for programs that read all sources, as Tailwind CSS does: nothing here is text.
*
`,
  // No formatter is to touch what is written here, in whatever style: none of these files has the pragma, which this
  // parser looks for and that of JSON does not.
  '.prettierrc': `{
  "overrides": [
    {
      "files": ["*.json", ".prettierrc"],
      "options": { "parser": "yaml", "requirePragma": true }
    }
  ]
}
`,
  'biome.json': `{
  "root": false,
  "formatter": { "enabled": false },
  "linter": { "enabled": false },
  "assist": { "enabled": false }
}
`,
  '.gitattributes': `# Written by unplugin-meshy. For Git LFS, run \`git lfs track\` on blobs/** in the root of the repository.
/blobs/** binary
`,
}

/** As it was before there was an `.ignore`, which it would keep out. */
const EARLIER_GITIGNORE = SIGNS['.gitignore'].replace('!/.ignore\n', '')

const WITHOUT_BLOBS = `# Written by unplugin-meshy. The models are in the team's store: the lockfile alone belongs to the project.
/*
!/.gitattributes
!/.gitignore
!/CACHEDIR.TAG
`

const HIDDEN = `# Written by unplugin-meshy, in a run that changes nothing that git sees.
/*
`

/** What we wrote where blobs were not to be committed, or not yet like this: it would keep out what is paid. */
const OUTDATED_GITIGNORES: ReadonlySet<string> = new Set([EARLIER_GITIGNORE, WITHOUT_BLOBS, HIDDEN])

/** What git is to keep of the cache folder; `unchanged`: what it keeps already. */
export type Commits = 'blobs' | 'nothing' | 'unchanged'

const GITIGNORES: Record<Commits, string> = {
  blobs: SIGNS['.gitignore'],
  nothing: WITHOUT_BLOBS,
  unchanged: HIDDEN,
}

/**
 * Makes the cache folder known to backup programs and git, and removes what killed processes left in it more than a day
 * ago. Call it before something is written, not before something is read.
 *
 * Existing files are left alone, so that a project can change them, unless they are unchanged since we wrote them.
 *
 * @throws MESHY_CACHE_UNWRITABLE
 */
export async function prepareCache(
  layout: Layout,
  clock: Clock = systemClock,
  commits: Commits = 'blobs',
): Promise<void> {
  await orUnwritable(layout.root, async () => {
    await putUpSigns(layout, commits)
    await removeLeftovers(layout.tmp, [TEMPORARY_NAME], clock)
    await removeLeftovers(layout.leases, [TEMPORARY_NAME, GUARD_NAME], clock)
  })
}

async function putUpSigns(layout: Layout, commits: Commits): Promise<void> {
  const signs = { ...SIGNS, '.gitignore': GITIGNORES[commits] }
  for (const [name, text] of Object.entries(signs)) {
    const file = join(layout.root, name)
    const found = await readText(file)
    const isOutdated = name === '.gitignore' && commits === 'blobs' && OUTDATED_GITIGNORES.has(found ?? '')
    if (found === undefined || isOutdated) await writeDurably(file, text, layout.tmp)
  }
}

/**
 * {@link prepareCache}, once: a factory's writers call it before each write. A failure is not remembered, and the files
 * are created again if somebody has deleted the whole folder since.
 */
export function createPreparation(
  layout: Layout,
  clock: Clock = systemClock,
  commits: Commits = 'blobs',
): () => Promise<void> {
  let done: Promise<void> | undefined
  return async () => {
    done ??= prepareCache(layout, clock, commits)
    try {
      await done
      // Before each of many writes: checking takes less than a turn of a thread.
      if (!existsSync(join(layout.root, '.gitignore')))
        await orUnwritable(layout.root, () => putUpSigns(layout, commits))
    } catch (error) {
      done = undefined
      throw error
    }
  }
}

const AGE_MS = 24 * 60 * 60 * 1000

/** Removes files that a killed process left in `folder` more than a day ago, recognised by their names. */
export async function removeLeftovers(folder: string, names: RegExp[], clock: Clock): Promise<void> {
  for (const name of await listFolder(folder)) {
    if (!names.some((pattern) => pattern.test(name))) continue
    const file = join(folder, name)
    if (await isOld(file, clock)) await rm(file, { force: true })
  }
}

async function isOld(file: string, clock: Clock): Promise<boolean> {
  try {
    return clock.now() - (await stat(file)).mtimeMs > AGE_MS
  } catch (error) {
    // Its process has just finished with it.
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}
