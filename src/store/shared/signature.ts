import { createHmac, timingSafeEqual } from 'node:crypto'

/** Signs a value with a text that a team shares, as 64 hex digits. */
export function signatureOf(signingKey: string, value: object): string {
  return createHmac('sha256', signingKey).update(stable(value)).digest('hex')
}

export function isSignedBy(signingKey: string, value: object, signature: string | undefined): boolean {
  const due = Buffer.from(signatureOf(signingKey, value))
  const given = Buffer.from(signature ?? '')
  return given.length === due.length && timingSafeEqual(given, due)
}

/** JSON with sorted names, so that who wrote it does not matter. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
