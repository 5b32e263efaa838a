import { hasCode, formatError, formatPlace, isMeshyError, MeshyError } from '../../system/errors.ts'
import { by } from '../../system/order.ts'

/** Collects the failures of a build, so that its end reports all of them and not just the first. */
export class Problems {
  #errors = new Map<string, unknown>()
  /** What the bundler has already been told. */
  #told = new Set<string>()

  /** @param id what failed; a second failure of the same import replaces the first */
  add(id: string, error: unknown): void {
    this.#errors.set(id, error)
  }

  /** Remembers a failure that the bundler reports by itself: the build is bound to fail because of it anyway. */
  noteTold(id: string): void {
    this.#told.add(id)
  }

  get size(): number {
    return this.#errors.size + this.#told.size
  }

  /**
   * Takes the collected failures out, as one error; undefined if there are none.
   *
   * @param told.isTold whether the bundler reports an error of its own, which must not be hidden by its consequences
   */
  take({ isTold = false } = {}): unknown {
    const all = [...this.#errors.values()]
    const errors = isTold ? all.filter((error) => !isConsequence(error)) : all
    this.#errors.clear()
    this.#told.clear()
    // Anything that is not one of our errors is a bug: it keeps its own stack.
    const bug = errors.find((error) => !isMeshyError(error))
    return bug ?? combine(errors.filter((error) => isMeshyError(error)).toSorted(bySite))
  }
}

function isConsequence(error: unknown): boolean {
  return hasCode(error, 'MESHY_NOT_SUBMITTED')
}

/** In source order, because bundlers load modules in a different order each time; what is to be fixed comes first. */
const bySite = by((error: MeshyError) => [
  isConsequence(error) ? 1 : 0,
  error.site?.file ?? '',
  error.site?.line ?? 0,
])

function combine(errors: MeshyError[]): MeshyError | undefined {
  const [first] = errors
  if (!first || errors.length === 1) return first
  const credits = sumOf(errors)
  const price = credits > 0 ? `\n\nTotal: ${credits} credits.` : ''
  return new MeshyError(first.code, {
    message: `${errors.length} imports of models failed:\n\n${textsOf(errors).join('\n\n')}${price}\n`,
    hint: 'Fix these, then build again. Models that are already stored are not paid for again.',
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

/**
 * A failure of several imports at once, such as a batch over the budget, is reported once, below all of their places.
 */
function textsOf(errors: MeshyError[]): string[] {
  const places = new Map<string, string[]>()
  for (const error of errors) {
    const text = formatError(error.at(undefined))
    const { site } = error
    places.set(text, [...(places.get(text) ?? []), ...(site ? [formatPlace(error, site)] : [])])
  }
  return [...places].map(([text, sites]) => {
    const [first, ...others] = new Set(sites)
    if (others.length > 0) return [first, ...others, text].join('\n')
    return first === undefined ? text : `${first}: ${text}`
  })
}

/** Imports that share a key share its price. */
function sumOf(errors: MeshyError[]): number {
  const prices = new Map(
    errors.map(({ details }) => [details['key'] ?? Symbol('none'), Number(details['credits'] ?? 0)]),
  )
  return [...prices.values()].reduce((sum, credits) => sum + credits, 0)
}
