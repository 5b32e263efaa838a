import { unwatchFile, watchFile } from 'node:fs'

/** Those that listen to changes of a file in this process, besides this one. */
export function countWatchers(file: string): number {
  const listener = () => {}
  const count = watchFile(file, { persistent: false }, listener).listenerCount('change')
  unwatchFile(file, listener)
  return count - 1
}
