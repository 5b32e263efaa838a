import { systemClock } from '../../../src/system/clock.ts'
import { openRun } from '../../support/run.ts'
import { stopAt } from './steps.ts'

/** What one process does. */
export interface Plan {
  root: string
  url: string
  apiKey: string
  /** Imports, loaded side by side. */
  specifiers: string[]
  /** Where this process kills itself. */
  killAt?: string
  concurrency?: number
  /** The store of the machine that it shares, absolute. */
  machineStore?: string
  cacheDir?: string
}

// One run of the pipeline in a process of its own: `generate.ts <plan as JSON>`.
const { root, url, apiKey, specifiers, killAt, concurrency, machineStore, cacheDir }: Plan = JSON.parse(
  process.argv[2] ?? '',
)
const { context, loadAll } = await openRun({
  root,
  service: { url, apiKey },
  options: {
    concurrency,
    cacheDir,
    ...(machineStore === undefined ? {} : { machineStore, emulated: false }),
  },
  env: process.env,
  clock: systemClock,
  tell: (text) => console.error(text),
})
if (killAt !== undefined) await stopAt(context, killAt)
for (const result of await loadAll(specifiers)) {
  console.log('code' in result ? `${result.code}: ${result.message}` : result.metadata.state)
}
