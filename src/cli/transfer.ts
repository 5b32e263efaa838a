import { push as pushModels, type Moved, pull as pullModels } from './stores.ts'
import { defineCommand } from './command.ts'
import { formatBytes, plural } from '../system/format.ts'
import { printResult } from './print.ts'
import { lookedIn, openCommand, projectArgs } from './project.ts'
import type { Context } from '../run/context.ts'
import { MeshyError } from '../system/errors.ts'

export const push = defineCommand({
  meta: { name: 'push', description: 'Upload what the lockfile pins and the team store lacks.' },
  args: {
    repair: {
      type: 'boolean',
      description: 'Also read what is in the store, and replace damaged files there.',
    },
    ...projectArgs,
  },
  async run({ repair = false, json, ...args }) {
    const { context } = await openCommand(args)
    tell(context, await pushModels(context, { repair }), { direction: 'push', json })
  },
})

export const pull = defineCommand({
  meta: {
    name: 'pull',
    description: 'Fetch what the lockfile pins from the stores. Never pays; needs no API key.',
  },
  args: projectArgs,
  async run({ json, ...args }) {
    const { context } = await openCommand(args)
    tell(context, await pullModels(context), { direction: 'pull', json })
  },
})

/** What each direction says. */
const WORDS = {
  push: {
    done: 'Uploaded',
    left: 'Not uploaded',
    why: 'Such models are kept out of every store.',
    hint:
      'Fix the reasons above and run it again; what was transferred stays. `unplugin-meshy verify --fetch` restores what is ' +
      'missing or damaged here.',
  },
  pull: {
    done: 'Brought',
    left: 'Not here',
    why: 'No store has such models; while that emulator runs, `unplugin-meshy verify --fetch` fetches them from it.',
    hint:
      'Fix the reasons above and run it again; what was transferred stays. `unplugin-meshy verify --fetch` also asks the tasks ' +
      'of the models, without paying.',
  },
} as const

type Direction = keyof typeof WORDS

/** @throws {MeshyError} MESHY_BLOB_MISSING if a file could not be transferred */
function tell(
  context: Context,
  moved: Moved,
  { direction, json }: { direction: Direction; json: boolean | undefined },
): void {
  printResult(json, moved, format(context, moved, direction))
  const { failed, files, there } = moved
  if (failed.length === 0) return
  throw new MeshyError('MESHY_BLOB_MISSING', {
    message: `${failed.length} of ${plural(failed.length + files + there, 'pinned file')} could not be transferred.`,
    hint: WORDS[direction].hint,
  })
}

/** What was transferred to or from a store, in lines. */
function format(context: Context, moved: Moved, direction: Direction): string {
  const { files, bytes, there, failed, emulated } = moved
  const words = WORDS[direction]
  if (files + there + failed.length + emulated === 0) {
    return `There is nothing to ${direction}: no model is pinned. Looked in ${lookedIn(context)}.`
  }
  return [
    ...failed.map(({ image, sha256, reason }) => `${image} (${sha256.slice(0, 12)}…): ${reason}`),
    ...(emulated > 0
      ? [`${words.left}: ${plural(emulated, 'file')} that an emulator made. ${words.why}`]
      : []),
    `${words.done} ${plural(files, 'file')} (${formatBytes(bytes)}); ${there} already there.`,
  ].join('\n')
}
