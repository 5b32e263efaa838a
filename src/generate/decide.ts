import { answerTime } from '../service/client.ts'
import { ageFromNow, elapsedAt } from '../system/clock.ts'
import { MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import { readKnownTasks } from '../store/found-records.ts'
import { givenUpTasks, type StartedRecord } from '../store/journal-record.ts'
import type { Admission, Candidate } from './batch.ts'
import type { Reservation } from './budget.ts'
import type { Ports } from './ports.ts'
import { candidatesFor, isLikely, isProvenGone, mayBeInTheMaking, submissionUnknown } from './recover.ts'
import { findRefusals, notSubmitted } from './needs.ts'
import { permissionMissing } from '../finding/permission.ts'
import { adoptable, listRecentTasks, newestIn, type KnownTasks, type RecentTasks } from './recent-tasks.ts'
import { earliestNow, RETENTION_MS } from '../finding/record-state.ts'
import { reserve } from './reserve.ts'

/**
 * Decides about a whole batch before anything in it is paid:
 *
 * 0. A build that fails anyway, because of an import that cannot be read, sends nothing and costs nothing.
 * 1. The account's recent tasks are listed, which is free. A task that carries a key is adopted.
 * 2. An interrupted submission whose outcome cannot be determined is an error of its own.
 * 3. Candidates without permission go no further, nor do those that lack something here; see {@link findRefusals}.
 * 4. The rest is priced, announced, and checked against the budget and the balance. If it is too much, nothing is
 * submitted.
 */
export async function decideBatch(
  ports: Ports,
  candidates: Candidate[],
): Promise<(Admission | MeshyError)[]> {
  const failure = failureOfRun(ports)
  if (failure) return candidates.map(() => failure)
  const account = await lookAtAccount(ports, candidates)
  const found = candidates.map((candidate) => findTask(ports, candidate, account))
  const allowed = candidates.filter((candidate, index) => found[index] === undefined && candidate.permission)
  const unmet = await findRefusals(ports, allowed)
  const toPay = allowed.filter((candidate) => !unmet.has(candidate))
  // Other imports were read in the meantime.
  const laterFailure = failureOfRun(ports)
  const reserved = await reserve(ports, laterFailure ? [] : toPay)
  const ofBatch = { listedAt: account.listedAt, batch: new AbortController() }
  const pay = ({ permission, ...candidate }: Candidate, held: Reservation | MeshyError | undefined) => {
    if (!permission || !held) return permissionMissing(candidate.request)
    return held instanceof MeshyError ? held : { permission, reservation: held, ...ofBatch }
  }
  return candidates.map(
    (candidate, index) =>
      found[index] ?? pay(candidate, unmet.get(candidate) ?? laterFailure ?? reserved.get(candidate)),
  )
}

interface Known {
  recent: RecentTasks
  /** Tasks that belong to requests of the project. */
  known: KnownTasks
}

interface Listed {
  recent: RecentTasks
  /** What the list lacks was created later, by the clock of the service. */
  listedAt: number
}

/** How often to look at the account while a task may be in the making, in milliseconds. */
const LOOK_MS = { first: 1_000, longest: 10_000 }

/** More than a body has besides its images. */
const OTHER_FIELDS_BYTES = 64 * 1024

/** The tasks of the account, fetched again as long as an interrupted submission may still become one. */
async function lookAtAccount(ports: Ports, candidates: Candidate[]): Promise<Known & Listed> {
  const begunAt = elapsedAt(ports.clock)
  for (let pause = LOOK_MS.first; ; pause = Math.min(LOOK_MS.longest, pause * 2)) {
    const found = { ...(await listOnce(ports, candidates)), known: await readKnownTasks(ports.store) }
    const waitedMs = elapsedAt(ports.clock) - begunAt
    const missed = candidates.filter(
      (candidate) => isMissed(ports, candidate, found) && waitedMs < longestAnswer(candidate.request),
    )
    if (missed.length === 0) return found
    for (const { request } of missed) {
      ports.reporter.notices.once(
        `${request.imageName}: its submission was interrupted; looking for its task`,
      )
    }
    await ports.clock.sleep(pause, ports.signal)
  }
}

function isMissed(ports: Ports, { request, record }: Candidate, { recent, known }: Known): boolean {
  if (record?.state !== 'started' || !mayBeInTheMaking(ports, record)) return false
  if (adoptable(recent, request.key, record.forgottenTasks)) return false
  return !candidatesFor(recent, record, known).some((task) => isLikely(task, record))
}

/** A record says until when an answer may come, but by a clock that may be wrong, or in the words of others. */
function longestAnswer({ canonical: { images, textureImages } }: Request): number {
  const lengths = [...images, ...textureImages].map((image) => ('bytes' in image ? image.bytes : 0))
  // As base64, which is longer.
  return answerTime(2 * lengths.reduce((sum, length) => sum + length, OTHER_FIELDS_BYTES))
}

async function listOnce(ports: Ports, candidates: Candidate[]): Promise<Listed> {
  const age = ageFromNow(ports.clock)
  const kinds = new Set(candidates.map(({ request }) => request.canonical.kind))
  const since = () => earliestNow(ports.clock) - RETENTION_MS
  const recent = await listRecentTasks(ports.account().client, kinds, { since, signal: ports.signal })
  // The clock of the service is known from its first answer on, and is not the one that dates tasks.
  const listedAt = ports.clock.serviceNow() - age()
  return { recent, listedAt: Math.min(listedAt, newestIn(recent) ?? since()) }
}

function findTask(
  ports: Ports,
  { request, record }: Candidate,
  { recent, known }: Known,
): Admission | MeshyError | undefined {
  const task = adoptable(recent, request.key, givenUpTasks(record))
  if (task) return { adopt: task }
  if (record?.state !== 'started' || isProvenGone(ports, record)) return undefined
  return unknownOutcome(request, record, { recent, known })
}

/** Interrupted before the answer: if no task that could match was created since, the request never arrived. */
function unknownOutcome(
  request: Request,
  record: StartedRecord,
  { recent, known }: Known,
): MeshyError | undefined {
  const candidates = candidatesFor(recent, record, known)
  if (!record.lost && candidates.length === 0) return undefined
  return submissionUnknown(request, { candidates })
}

function failureOfRun({ purse: { hasFailed } }: Ports): MeshyError | undefined {
  return hasFailed() ? notSubmitted() : undefined
}
