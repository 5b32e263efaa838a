import { readFile, writeFile } from 'node:fs/promises'
import { withLease } from '../../../src/store/lease.ts'

// Adds to a number in a file, many times, as people do who know no lock: read, add, write.
const [lease = '', counter = '', times = '0'] = process.argv.slice(2)
for (let round = 0; round < Number(times); round++) {
  await withLease(lease, async () => {
    const count = Number(await readFile(counter, 'utf8'))
    await writeFile(counter, String(count + 1))
  })
}
