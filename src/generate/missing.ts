import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import type { Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import type { Finding } from '../finding/classify.ts'
import type { LocalPorts } from './ports.ts'
import { priceOf } from '../request/price.ts'
import type { FileRole } from '../request/files.ts'
import { formatAnswers, type SourceAnswer } from '../store/shared/sources.ts'

/** The error of a model that `frozen` may neither generate nor wait for. */
export function modelMissing(
  ports: LocalPorts,
  request: Request,
  { state, record, free }: Finding,
): MeshyError {
  const credits = state === 'missing' ? priceOf(request) : 0
  const isPinning = ports.options.lockfile !== false
  const what =
    state === 'missing'
      ? `is not ${isPinning ? 'in the lockfile' : 'stored here'}; generating it costs ${credits} credits`
      : `is on its way (task ${record?.state === 'accepted' ? record.taskId : 'unknown'}), but not stored${isPinning ? ' and pinned' : ''} yet`
  return new MeshyError('MESHY_MODEL_MISSING', {
    message: `\`${request.imageName}\` ${what}. This run is \`frozen\`, so nothing was submitted.`,
    hint: [free, buildElsewhere(ports)].filter(Boolean).join(' '),
    details: { key: request.key, credits, state },
  })
}

/** The error of other files of a pinned model that `frozen` may not fetch: nothing says what their bytes must be. */
export function filesMissing(
  ports: LocalPorts,
  { key, image }: Entry,
  roles: readonly FileRole[],
): MeshyError {
  const names = quoted(roles)
  return new MeshyError('MESHY_MODEL_MISSING', {
    message:
      `\`${image}\` is ${ports.options.lockfile === false ? 'stored' : 'pinned'}, but its ${names} is not; fetching it costs 0 credits. ` +
      'This run is `frozen`, so nothing was fetched.',
    hint: buildElsewhere(ports),
    details: { key, credits: 0, roles },
  })
}

/** Files that no store delivered, and what the stores said. */
export interface Lacking {
  lacking: readonly FileRole[]
  answers: readonly SourceAnswer[]
}

/** Why files cannot be obtained, and what restores them for free, if anything does. */
export interface Obstacle {
  reason: string
  free?: string
}

/** The obstacle of bytes that a user provided. */
export const OWN_BYTES: Obstacle = {
  reason: 'they are your own bytes, which no task can restore',
  free: 'pin them again with `unplugin-meshy pin`',
}

/** The obstacle of files besides the GLB that a user provided: there are none, however often it is pinned. */
export const OWN_MODEL: Obstacle = { reason: 'it is a model of your own, which is a GLB alone' }

/** The obstacle of a run that cannot query the service. */
export function keyMissing(taskId: string): Obstacle {
  return {
    reason: `there is no MESHY_API_KEY to fetch them from task ${taskId}`,
    free: 'set MESHY_API_KEY and build again; while Meshy keeps the task, they are fetched without paying',
  }
}

/** The error of files that can no longer be obtained; free remedies are named first. */
export function unrestorable(
  entry: Entry,
  { lacking, answers }: Lacking,
  { reason, free }: Obstacle,
): MeshyError {
  const names = quoted(lacking)
  const details = { key: entry.key, taskId: entry.task?.id, roles: lacking, answers }
  const stores = answers.length > 0 ? ` ${capitalised(formatAnswers(answers))}.` : ''
  const orElse = (way: string) =>
    free === undefined ? capitalised(way) : `${capitalised(free)}. Otherwise, ${way}`
  if (!lacking.some((role) => entry.files[role])) {
    return new MeshyError('MESHY_EXTRA_UNAVAILABLE', {
      message: `Files of \`${entry.image}\` (${names}) were not kept with its model, and ${reason}. Nothing was paid.`,
      hint: orElse(
        `remove the directive, or run \`unplugin-meshy forget ${entry.key}\` to pay for a new model that includes the file.`,
      ),
      details,
    })
  }
  return new MeshyError('MESHY_MODEL_UNRESTORABLE', {
    message: `The bytes of \`${entry.image}\` (${names}) are missing or damaged, and ${reason}.${stores} Nothing was paid.`,
    hint:
      hintOfSilence(answers, free) ??
      orElse(
        `restore the file under \`blobs\` in the cache (commit it, \`git lfs pull\`, a colleague's copy), or ` +
          `run \`unplugin-meshy forget ${entry.key}\`, so that the next build pays for a new model.`,
      ),
    details,
  })
}

/** What to do if a store could not say whether it has the bytes: then nothing has to be given up and paid for again. */
function hintOfSilence(answers: readonly SourceAnswer[], free: string | undefined): string | undefined {
  const silent = answers.filter(({ failed }) => failed)
  if (silent.length === 0) return undefined
  const names = [...new Set(silent.map(({ source }) => source))].join(' and ')
  const or = free === undefined ? '' : `, or ${free}`
  return (
    `Build again when ${names} can be read. If the bytes are not there, run \`unplugin-meshy push\` on a machine that has them` +
    `${or}.`
  )
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What to do if a `frozen` run lacks something. */
export function buildElsewhere({ options: { lockfile, cacheDir } }: Pick<LocalPorts, 'options'>): string {
  const cache = path.basename(cacheDir)
  if (lockfile !== false) {
    return (
      `Build on your machine and commit \`${path.basename(lockfile)}\` and \`${cache}\`, ` +
      'or set MESHY_MODE=generate for this run.'
    )
  }
  return (
    `With \`lockfile: false\`, a frozen run has only what this machine stored. Restore \`${cache}\`, set MESHY_MODE=generate ` +
    'for this run, or remove the option and commit what a build pins.'
  )
}
