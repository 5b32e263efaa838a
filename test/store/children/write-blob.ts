import { createBlobs } from '../../../src/store/blobs.ts'
import { createLayout } from '../../../src/store/layout.ts'

// Stores the same bytes as everybody else, at the same time.
const [cacheDir = ''] = process.argv.slice(2)
const ref = await createBlobs(createLayout(cacheDir)).write(Buffer.alloc(300_000, 'model'), { ext: 'glb' })
console.log(JSON.stringify(ref))
