import { createLockfile } from '../../../src/store/lockfile.ts'
import { keyOf, sampleEntry } from '../samples.ts'

// Pins ten models of its own, one after the other.
const [file = '', lease = '', first = '0'] = process.argv.slice(2)
const lockfile = createLockfile({ file, lease, fingerprint: keyOf })
for (let number = Number(first); number < Number(first) + 10; number++)
  await lockfile.put(sampleEntry(number))
