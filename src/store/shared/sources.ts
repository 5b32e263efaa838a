import PQueue from 'p-queue'
import { Fault } from '../../system/transfer.ts'
import type { Clock } from '../../system/clock.ts'
import type { BlobRef } from '../entry.ts'

/** A place where missing bytes may come from, for free. */
export interface BlobSource {
  /** For people: `the machine store`. */
  name: string
  /**
   * Fetches a blob into the project, verified. @returns whether the source has it
   *
   * @throws {Fault} if it cannot say
   */
  bring(ref: BlobRef, signal?: AbortSignal): Promise<boolean>
}

/** What a source answered instead of providing a blob. */
export interface SourceAnswer {
  source: string
  said: string
  ms: number
  /** It could not say whether it has the blob. */
  failed?: true
}

/** Where a blob came from; or what every source answered. */
type Brought = { from: string } | { from: undefined; answers: SourceAnswer[] }

const AT_ONCE = 16

/** Does the same for many files, enough at once that a connection is never idle. @returns the results in order */
export async function forEachFile<T, R>(files: readonly T[], work: (file: T) => Promise<R>): Promise<R[]> {
  const turns = new PQueue({ concurrency: AT_ONCE })
  return turns.addAll(files.map((file) => () => work(file)))
}

/**
 * Asks the sources one after the other until one has the bytes. A source that fails counts as an answer like any other.
 */
export async function bringBlob(
  sources: readonly BlobSource[],
  ref: BlobRef,
  { clock, signal }: { clock: Clock; signal?: AbortSignal | undefined },
): Promise<Brought> {
  const answers: SourceAnswer[] = []
  for (const source of sources) {
    const startedAt = clock.now()
    const answer = await ask(source, ref, signal)
    if (answer === undefined) return { from: source.name }
    answers.push({ source: source.name, ...answer, ms: clock.now() - startedAt })
  }
  return { from: undefined, answers }
}

/** What the source answered; undefined if it provided the bytes. */
async function ask(
  source: BlobSource,
  ref: BlobRef,
  signal?: AbortSignal,
): Promise<Omit<SourceAnswer, 'source' | 'ms'> | undefined> {
  try {
    return (await source.bring(ref, signal)) ? undefined : { said: 'does not have it' }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // Damaged bytes are an answer, and asking again brings the same ones.
    return error.kind === 'damaged' ? { said: error.message } : { said: error.message, failed: true }
  }
}

/** The answers of all sources in one sentence, for the error of bytes that nobody has. */
export function formatAnswers(answers: readonly SourceAnswer[]): string {
  return answers.map(({ source, said, ms }) => `${source} ${said} (${seconds(ms)})`).join('; ')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
