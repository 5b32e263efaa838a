import type { Task } from '../service/task.ts'
import { watchTask } from '../service/watch.ts'
import type { Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import { claimTask, type Attempt, type Claim } from './claim.ts'
import { classify } from '../finding/classify.ts'
import type { Ports, Origin } from './ports.ts'
import { settleFailure } from './settle.ts'
import { inherit, toldHere } from './inherit.ts'
import { permissionMissing } from '../finding/permission.ts'
import { fetchFiles, noteExpiring } from './fetch.ts'
import { addFiles, creditsOf, saveModel } from './save.ts'
import { isOfOther, type OnItsWay } from '../store/shared/on-its-way.ts'
import { share, shareHere, takeShared } from './share.ts'
import { withKeyLease, withSharedLease, withTeamLease } from './turn.ts'
import { hasCode, type ErrorCode, MeshyError } from '../system/errors.ts'

/** A finished request, how this run obtained it, and what it cost this run. */
export interface Generated {
  entry: Entry
  origin: Origin
  credits: number
}

/** Submissions of one request in one run: a refunded failure may deserve a second one. */
const MAX_SUBMISSIONS = 2

/**
 * The only sequence that pays: store → queue → service → store.
 *
 * 1. The lease of the key: one process pays, the others wait here and then find the entry.
 * 2. Another look at the store, now that nobody else writes this key; then at the stores of the machine and the team.
 * 3. A task: the one in the journal, one of the account that carries the key, or a new one, which is paid for. `claim.ts` has
 *    its batch admit it, which decides (`decide.ts`) and reserves (`reserve.ts`); then it submits (`submit.ts`). What may
 *    have been paid for before is recovered (`recover.ts`), and what failed is settled (`settle.ts`).
 * 4. Its GLB is fetched (`fetch.ts`) and saved (`save.ts`): the entry and the lockfile, then the end of the journal record;
 *    last, the other files.
 *
 * @param attempt.known the journal record at the time of the decision to generate
 * @throws {MeshyError} MESHY_PERMISSION_MISSING if nothing is on its way, and paying is not permitted
 */
export async function generate(
  ports: Ports,
  request: Request,
  attempt: Omit<Attempt, 'lease'>,
): Promise<Generated> {
  return withKeyLease(ports, request, async (lease) => {
    const { entry } = await classify(ports, request)
    if (entry) return { entry, origin: 'cache', credits: 0 }
    return withSharedLease(ports, request, lease, (held) =>
      takeOrMake(ports, request, { ...attempt, lease: held }),
    )
  })
}

/** The model that someone else already has; otherwise a new one, while nobody else in the team makes it. */
async function takeOrMake(ports: Ports, request: Request, attempt: Attempt): Promise<Generated> {
  const { permission, known, lease } = attempt
  const shared = await takeShared(ports, request)
  if (shared) return { entry: shared, origin: 'shared', credits: 0 }
  // Nothing is on its way, so paying is the only option left.
  if (!permission && !known) throw permissionMissing(request)
  if (!permission) return continueFromOthers(ports, request, attempt)
  return withTeamLease(ports, request, lease, async (held, told) => {
    // The previous holder of the lease may have paid in the meantime.
    const meanwhile = held === lease ? undefined : await takeShared(ports, request)
    if (meanwhile) return { entry: meanwhile, origin: 'shared', credits: 0 }
    return continueFromOthers(ports, request, { ...attempt, lease: held }, told)
  })
}

/** The previous holder of a lease may have been killed before it was done. */
async function continueFromOthers(
  ports: Ports,
  request: Request,
  attempt: Attempt,
  toldByTeam?: OnItsWay,
): Promise<Generated> {
  const all = [await toldHere(ports, request.key), toldByTeam].filter((one) => one !== undefined)
  if (all.length === 0) return generateInTurn(ports, request, attempt)
  const own = await ports.store.journal.read(request.key)
  await inherit(ports, request, all)
  const told = all.filter((one) => isOfOther(own, one))
  return generateInTurn(ports, request, { ...attempt, told })
}

async function generateInTurn(ports: Ports, request: Request, attempt: Attempt): Promise<Generated> {
  const { kind } = request.canonical
  // The model first: what was paid for is stored, whatever becomes of the other files.
  const { task, claim, stored, isOurs } = await storedModel(ports, request, attempt).catch(
    (error: unknown) => {
      throw withWayOut(request, error)
    },
  )
  const { origin } = claim
  const credits = origin === 'generated' ? creditsOf(request, task) : 0
  // What this task has besides belongs to a model that the key does not mean any more.
  if (!isOurs) return { entry: stored, origin, credits }
  // Those who wait on this machine need nothing more, whatever becomes of this run.
  await shareHere(ports, stored)
  const extras = ports.models.wantedOf(request).filter((role) => role !== 'glb')
  const fetched = await fetchFiles(ports, { kind, task, roles: extras })
  const entry = await addFiles(ports, stored, fetched)
  await share(ports, entry)
  // What this machine started itself is on its disk, and stays there.
  if (origin === 'adopted' && !attempt.known) noteExpiring(ports, entry, { isPinned: false })
  return { entry, origin, credits }
}

async function storedModel(
  ports: Ports,
  request: Request,
  attempt: Attempt,
): Promise<{ task: Task; claim: Claim; stored: Entry; isOurs: boolean }> {
  const { task, claim } = await finishedTask(ports, request, attempt)
  const { glb } = (await fetchFiles(ports, { kind: request.canonical.kind, task, roles: ['glb'] })).files
  const stored = await saveModel(ports, request, { task, glb })
  return { task, claim, stored, isOurs: stored.files.glb.sha256 === glb?.sha256 }
}

async function finishedTask(
  ports: Ports,
  request: Request,
  attempt: Attempt,
): Promise<{ task: Task; claim: Claim }> {
  let { told } = attempt
  for (let submission = 1; ; submission++) {
    const claim = await claimTask(ports, request, attempt)
    try {
      const task = await claim.running((id) => watch(ports, request, id))
      claim.reservation?.charged(creditsOf(request, task))
      return { task, claim }
    } catch (error) {
      const { reservation } = claim
      const after = await settleFailure(ports, request, { reservation, error, lease: attempt.lease })
      if (after === 'end' || submission === MAX_SUBMISSIONS) throw error
      // Another try is another payment.
      if (after === 'try again' && !attempt.permission) throw error
      await inherit(ports, request, told)
      told = undefined
      if (after === 'gone') continue
      ports.reporter.logger.warn(`meshy: ${request.imageName}: submitting it once more`)
    }
  }
}

function watch(ports: Ports, request: Request, id: string): Promise<Task> {
  const { client, log } = ports.account()
  ports.reporter.progress(request, 'on its way')
  return watchTask(client, request.canonical.kind, id, {
    clock: ports.clock,
    signal: ports.signal,
    timeoutMs: ports.options.taskTimeout,
    extras: ports.models.wantedOf(request),
    log,
    onProgress: (task) => ports.reporter.progress(request, task),
  })
}

/** What the service may deliver correctly the next time it is queried, or never. */
const UNUSABLE: readonly ErrorCode[] = ['MESHY_TASK_NO_MODEL', 'MESHY_DOWNLOAD_INVALID']

/** The error of a paid task that gives no usable model, with the way out in case it never will. */
function withWayOut({ key }: Pick<Request, 'key'>, error: unknown): unknown {
  if (!hasCode(error, ...UNUSABLE)) return error
  return new MeshyError(error.code, {
    message: error.message,
    hint:
      'Run again. The task is queried again, without paying. If the error persists, report the task to Meshy. ' +
      `\`unplugin-meshy forget ${key}\` gives the model up, so that the next build pays for a new one.`,
    details: { ...error.details, key },
    cause: error,
  })
}
