// Plays histories of paying under a seeded scheduler: `npm run simulate -- --histories 1000000`. `--seed 7` prints
// everything that happens in one of them, `--from 7` starts there, and `--setting 'a team'` makes all of them of that
// kind.
import { parseArgs } from 'node:util'
import { createJiti } from 'jiti'

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '20000' },
    from: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    seed: { type: 'string' },
    setting: { type: 'string' },
  },
})
// Plain Node 20 cannot import the TypeScript sources.
const { simulate, tell } = await createJiti(import.meta.url).import('../test/simulation/simulate.ts')

if (values.seed !== undefined) {
  process.stdout.write(await tell(Number(values.seed), values.setting))
} else {
  const first = Number(values.from)
  console.log(`${values.histories} histories from seed ${first}`)
  const { faults, played } = await simulate({
    first,
    count: Number(values.histories),
    setting: values.setting,
  })
  for (const fault of faults) console.log(fault)
  console.log(`${played} histories, ${faults.filter((line) => line.startsWith('seed ')).length} went wrong`)
  if (faults.length > 0) process.exitCode = 1
}
