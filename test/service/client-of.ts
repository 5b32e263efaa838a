import { createClient, type Client, type ClientOptions } from '../../src/service/client.ts'
import { systemClock } from '../../src/system/clock.ts'

export const KEY = 'msy_test_0123456789abcdef'

/** A client that sends each call at once, and only once. */
export function clientOf(baseUrl: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({
    baseUrl,
    apiKey: KEY,
    fetch,
    clock: systemClock,
    schedule: (attempt) => attempt(),
    ...options,
  })
}
