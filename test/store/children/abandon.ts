import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { withLease } from '../../../src/store/lease.ts'

// Takes a lease again and again, and each time leaves it behind as a process does that dies: in the name of a pid
// that does not exist. So everybody who waits meets a lost lease at the same moment.
const [lease = '', inside = '', times = '0'] = process.argv.slice(2)
const NOBODY = 2 ** 22 + 1

for (let round = 0; round < Number(times); round++) {
  await withLease(lease, async () => {
    // Fails if somebody else is inside.
    const handle = await open(inside, 'wx')
    await handle.close()
    const holder = JSON.parse(await readFile(lease, 'utf8'))
    await rm(inside)
    const draft = `${lease}-draft-${process.pid}`
    await writeFile(draft, JSON.stringify({ ...holder, pid: NOBODY, token: randomBytes(8).toString('hex') }))
    await rename(draft, lease)
  })
}
