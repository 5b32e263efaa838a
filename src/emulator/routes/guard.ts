import { createMiddleware } from 'hono/factory'
import { ApiError } from '../api-error.ts'
import type { EmulatorEnv, EmulatorState } from '../state.ts'

/** Lets a request through that has the key, comes from no browser, and stays within the rate. */
export function guard({ options, rate, now }: EmulatorState) {
  return createMiddleware<EmulatorEnv>(async (context, next) => {
    // The service refuses browsers by design: a key in a page is a key that everybody has.
    if (context.req.header('origin') !== undefined) throw new ApiError(403, 'Forbidden')
    if (context.req.header('authorization') !== `Bearer ${options.apiKey}`) {
      throw new ApiError(401, 'Invalid API key')
    }
    rate.take(now())
    await next()
  })
}
