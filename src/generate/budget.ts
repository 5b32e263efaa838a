import { MeshyError } from '../system/errors.ts'

/** The other processes of a run that consists of several. */
interface OtherParts {
  /** Credits that they hold. */
  held(): number
  /** Tells them what this process holds from now on, or no longer holds. */
  hold(credits: number): void
}

/** The credits that one run may spend. Each attempt reserves its price first, so no module graph can exceed the cap. */
export class Budget {
  #reserved = 0
  #isOvercharged = false
  readonly #others: OtherParts | undefined

  constructor(others?: OtherParts) {
    this.#others = others
  }

  /** Credits held by attempts of this run, and credits that were or may have been charged. */
  get reserved(): number {
    return this.#reserved + (this.#others?.held() ?? 0)
  }

  /** Whether `credits` more stay within `cap`. */
  allows(credits: number, cap: number): boolean {
    return this.reserved + credits <= cap
  }

  /** @throws {MeshyError} MESHY_BUDGET_EXCEEDED if the cap would be exceeded */
  reserve(credits: number, cap: number): Reservation {
    // Hold first, then look: of two processes at the same moment, at least one sees the other.
    this.#hold(credits)
    const reservation = new Reservation(credits, (more) => {
      this.#isOvercharged ||= more > 0
      this.#hold(more)
    })
    const { reserved } = this
    if (reserved <= cap) return reservation
    reservation.release()
    throw overBudget([], credits, { reserved: reserved - credits, cap })
  }

  /**
   * Called before what is held is sent: models that were dearer than their estimate may have used it up.
   *
   * @throws {MeshyError} MESHY_BUDGET_EXCEEDED
   */
  assertLeft(price: Price, cap: number): void {
    const { reserved } = this
    if (this.#isOvercharged && reserved > cap) {
      throw overBudget([price], price.credits, { reserved: reserved - price.credits, cap })
    }
  }

  #hold(credits: number): void {
    this.#reserved += credits
    this.#others?.hold(credits)
  }
}

/**
 * Credits held for one attempt to get a task. Whoever submits it owns the reservation, and releases it whatever the
 * outcome: what was charged, or may have been, stays until it is refunded.
 */
export class Reservation {
  #mayBeCharged = false
  #isKept = false
  #isReleased = false
  #credits: number
  readonly #hold: (credits: number) => void

  constructor(credits: number, hold: (credits: number) => void) {
    this.#credits = credits
    this.#hold = hold
  }

  /** The request is being sent: from now on, nobody knows whether it is charged. */
  sent(): void {
    this.#mayBeCharged = true
  }

  /** The service refused it, or refunded the credits. */
  refunded(): void {
    if (this.#isKept) return
    this.#mayBeCharged = false
    this.#settle()
  }

  /** What the service has charged, which may be more than the estimate. */
  charged(credits: number): void {
    if (!this.#mayBeCharged || credits <= this.#credits) return
    this.#hold(credits - this.#credits)
    this.#credits = credits
  }

  /** The answer was lost: the task that is found may be another machine's, so a refund of it is not one of this. */
  keep(): void {
    this.#isKept = true
  }

  /** The attempt is over. */
  release(): void {
    this.#isReleased = true
    this.#settle()
  }

  /** Only once, for whichever is reported first. */
  #settle(): void {
    if (!this.#isReleased || this.#mayBeCharged) return
    this.#hold(-this.#credits)
    this.#credits = 0
  }
}

/** A line of a price list. */
interface Price {
  image: string
  credits: number
}

/** The error of a batch that costs more than is left: every model, its price, and the sum. */
export function overBudget(prices: Price[], sum: number, run: { reserved: number; cap: number }): MeshyError {
  const list = prices.map(({ image, credits }) => `\n    ${image}: ${credits} credits`).join('')
  const before =
    run.reserved > 0 ? ` in addition to the ${run.reserved} credits that this run has already reserved` : ''
  return new MeshyError('MESHY_BUDGET_EXCEEDED', {
    message:
      `${prices.length || 1} missing model${prices.length > 1 ? 's' : ''} would cost ${sum} credits${before}; ` +
      `expected at most ${run.cap} credits (\`maxCredits\`). None of them was submitted.${list}`,
    hint: `To allow it, set MESHY_MAX_CREDITS=${run.reserved + sum} for this run, or raise \`maxCredits\`.`,
    details: { prices, sum, ...run },
  })
}
