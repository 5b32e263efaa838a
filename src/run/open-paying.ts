import { decideBatch } from '../generate/decide.ts'
import { Batch } from '../generate/batch.ts'
import { Budget } from '../generate/budget.ts'
import { accountFor } from './account.ts'
import type { PayingPorts, RunPorts } from './context.ts'
import type { ProcessState } from './process-state.ts'
import type { Run } from './run.ts'

/**
 * Puts together what making a model needs of a run. Loaded when something is to be made, fetched or asked of the account:
 * a run where everything is ready does without.
 */
export function openPaying(
  run: Run,
  shared: Pick<ProcessState, 'accounts' | 'budget'>,
  ports: RunPorts,
): PayingPorts {
  const { clock } = ports
  shared.budget ??= new Budget(run.part)
  const paying: PayingPorts = {
    ...ports,
    account: () => accountFor(shared.accounts, run, clock),
    purse: {
      budget: shared.budget,
      batch: new Batch(clock, (candidates) => decideBatch(paying, candidates), run.activity),
      hasFailed: run.hasFailed ?? (() => false),
    },
  }
  return paying
}
