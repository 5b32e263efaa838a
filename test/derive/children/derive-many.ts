import { readFile } from 'node:fs/promises'
import { createDerivePool } from '../../../src/derive/pool.ts'

/** Derives many models at once, and prints how much memory the process had at most, in MB. */
const [file = '', count = ''] = process.argv.slice(2)
const pool = createDerivePool()
const work = Array.from({ length: Number(count) }, () =>
  pool.derive(() => readFile(file), { plan: { optimize: true }, extras: {} }),
)
const models = await Promise.all(work)
await pool.close()
const peak = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(JSON.stringify({ models: models.length, peak }))
