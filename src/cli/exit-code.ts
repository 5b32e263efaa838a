/** What the exit code of a command says; stable, see docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** An expected failure: message, next step and code are on stderr. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** `plan` alone: models are missing. */
  missing: 3,
  /** A bug of ours. */
  bug: 70,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
