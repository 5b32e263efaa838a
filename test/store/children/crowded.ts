import { open, type FileHandle } from 'node:fs/promises'
import { withLease } from '../../../src/store/lease.ts'

// Gives a lease back while no more files can be opened, then takes it again. Started with a low limit of files.
const [lease = ''] = process.argv.slice(2)
await withLease(`${lease}-before`, async () => undefined)

const opened: FileHandle[] = []
const greed = new AbortController()
const full = new AbortController()

/** Takes every file that can be opened, as a bundler does that waits for the next one to be closed. */
async function openAll(): Promise<void> {
  while (!greed.signal.aborted) {
    await open('/dev/null', 'r').then(
      (handle) => opened.push(handle),
      () => {
        full.abort()
        return new Promise(setImmediate)
      },
    )
  }
}

let readers: Promise<void>[] = []
const result = await withLease(lease, async () => {
  readers = Array.from({ length: 8 }, openAll)
  while (!full.signal.aborted) await new Promise(setImmediate)
  await new Promise((resolve) => setTimeout(resolve, 200))
  return 'stored'
})
console.log(`result ${result}`)
greed.abort()
await Promise.all(readers)
for (const handle of opened) await handle.close()
console.log(await withLease(lease, async () => 'again'))
process.stdin.resume()
