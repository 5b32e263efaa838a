import { formatError, isMeshyError, MeshyError } from '../errors.ts'

/** Collects the failures of a build, so that its end reports all of them and not the first. */
export class Problems {
  #errors = new Map<string, unknown>()

  /** @param id what failed; a second failure of the same import replaces the first */
  add(id: string, error: unknown): void {
    this.#errors.set(id, error)
  }

  get size(): number {
    return this.#errors.size
  }

  /** Takes the collected failures out, as one error; undefined when there are none. */
  take(): unknown {
    const errors = [...this.#errors.values()]
    this.#errors.clear()
    // Anything that is not ours is a bug: it keeps its own stack.
    const bug = errors.find((error) => !isMeshyError(error))
    return bug ?? combine(errors.filter((error) => isMeshyError(error)))
  }
}

function combine(errors: MeshyError[]): MeshyError | undefined {
  const [first] = errors
  if (!first || errors.length === 1) return first
  const texts = [...new Set(errors.map((error) => formatError(error)))]
  const credits = errors.reduce((sum, { details }) => sum + Number(details['credits'] ?? 0), 0)
  const price = credits > 0 ? `\n\nTogether: ${credits} credits.` : ''
  return new MeshyError(first.code, {
    message: `${texts.length} imports of models failed:\n\n${texts.join('\n\n')}${price}\n`,
    hint: 'Fix these, then build again: what is stored already is not paid again.',
    details: {
      credits,
      errors: errors.map(({ code, message, hint, site, details }) => ({
        code,
        message,
        hint,
        site,
        details,
      })),
    },
  })
}
