import type { Hono } from 'hono'
import type { EmulatorEnv, EmulatorState } from '../state.ts'

/** The balance, which the reference does not have. */
export function addBalanceRoute(app: Hono<EmulatorEnv>, { account, options }: EmulatorState): void {
  if (options.profile === 'reference') return
  app.get('/openapi/v1/balance', (context) => context.json({ balance: account.balance }))
}
