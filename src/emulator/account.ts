import { ApiError } from './api-error.ts'

/** The credits of the one account that there is. */
export class Account {
  #balance: number

  constructor(credits: number) {
    this.#balance = credits
  }

  get balance(): number {
    return this.#balance
  }

  /** Takes the price of a task. Throws 402 when there is not enough. */
  charge(credits: number): void {
    if (credits > this.#balance) throw new ApiError(402, 'Insufficient credits')
    this.#balance -= credits
  }

  /** Gives the price of a task back: it failed, or was deleted before it began. */
  refund(credits: number): void {
    this.#balance += credits
  }
}
