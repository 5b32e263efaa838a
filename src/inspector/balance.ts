import { isMeshyError } from '../system/errors.ts'
import type { Ports } from '../generate/ports.ts'
import type { Context } from '../run/context.ts'
import { isOffline } from '../finding/modes.ts'
import { reportModels } from '../run/reporting/report.ts'

const KEPT_MS = 30_000

/**
 * The remaining credits of the account, queried at most twice a minute and when this run spends, while somebody is
 * looking.
 */
export class Balance {
  #asked: { at: number; spending: string; answer: Promise<number | undefined> } | undefined

  /** Undefined if nothing may be sent, or nobody can tell. */
  async read(context: Context): Promise<number | undefined> {
    const { options, clock, models } = context.ports
    if (options.apiKey === undefined || isOffline(options.mode) || options.mode === 'frozen') return undefined
    const ports = await context.paying()
    const { budget } = ports.purse
    // A price is reserved before it is paid, and appears in the report when the model is here.
    const spending = [budget.reserved, ...reportModels(models).map(({ credits }) => credits)].join(' ')
    const known = this.#asked
    if (known && clock.now() - known.at <= KEPT_MS && known.spending === spending) return known.answer
    const answer = askBalance(ports)
    this.#asked = { at: clock.now(), spending, answer }
    return answer
  }
}

/** The page is for looking: a problem with the account is reported where it keeps a model from being generated. */
async function askBalance({ account, signal }: Ports): Promise<number | undefined> {
  try {
    return await account().client.balance({ signal })
  } catch (error) {
    if (isMeshyError(error)) return undefined
    throw error
  }
}
