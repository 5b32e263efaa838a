import { withLease } from '../../../src/store/lease.ts'

// Takes a lease and never gives it back.
const [lease = ''] = process.argv.slice(2)
await withLease(lease, async () => {
  console.log('held')
  await new Promise((resolve) => setInterval(resolve, 2 ** 30))
})
