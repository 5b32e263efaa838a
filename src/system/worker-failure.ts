import { isMeshyError, MeshyError, type ErrorCode } from './errors.ts'

/** An error as data: an Error that crosses threads keeps its message and loses its class and fields. */
export interface WorkerFailure {
  message: string
  stack?: string | undefined
  known?: { code: ErrorCode; hint: string; details: Record<string, unknown> } | undefined
}

export function describeFailure(error: unknown): WorkerFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!isMeshyError(error)) return { message, stack }
  const { code, hint, details } = error
  return { message, stack, known: { code, hint, details } }
}

/** The error that a worker met. */
export function readFailure({ message, stack, known }: WorkerFailure): Error {
  const error = known ? new MeshyError(known.code, { message, ...known }) : new Error(message)
  if (stack) error.stack = stack
  return error
}
