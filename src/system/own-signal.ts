/**
 * A signal that follows another, for one listener.
 *
 * Everything in a run waits on the same signal, and from the eleventh listener on Node warns of a leak.
 */
export function ownSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return signal && AbortSignal.any([signal])
}
