import { isMeshyError, MeshyError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { PreviewModel, PreviewOptions } from './mesher.ts'

/** What a worker is sent. */
export interface Job {
  images: Uint8Array[]
  options: PreviewOptions
}

/** What it sends back. */
export type Answer = { model: PreviewModel } | { failure: Failure }

/** An error as data: an Error that crosses threads keeps its message and loses its class and fields. */
interface Failure {
  message: string
  stack?: string | undefined
  known?: { code: ErrorCode; hint: string; details: Record<string, unknown> } | undefined
}

export function answerError(error: unknown): Answer {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!isMeshyError(error)) return { failure: { message, stack } }
  const { code, hint, details } = error
  return { failure: { message, stack, known: { code, hint, details } } }
}

/** The error that a worker met. */
export function readFailure({ message, stack, known }: Failure): Error {
  const error = known ? new MeshyError(known.code, { message, ...known }) : new Error(message)
  if (stack) error.stack = stack
  return error
}
