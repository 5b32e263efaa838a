/** The name of the operating system's error that an error carries, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error is one of the named errors of the operating system. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  const errno = errnoOf(error)
  return errno !== undefined && names.includes(errno)
}
