import type { Context } from './context.ts'

/** Generates models that wait for the developer's yes, in the background. It holds for these keys alone. */
export function agree(context: Context, keys?: Iterable<string>): string[] {
  const asked = context.consent.take(keys)
  for (const { request, finding } of asked) context.live?.start(context, request, finding)
  return asked.map(({ request }) => request.key)
}
