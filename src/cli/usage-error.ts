/** A command line that cannot be understood: told in one sentence, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
