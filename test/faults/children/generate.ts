import { openRun } from '../../support/run.ts'
import { stopAt } from './steps.ts'

// One run of the pipeline in a process of its own: `generate.ts <plan as JSON>`.
export interface Plan {
  root: string
  url: string
  apiKey: string
  /** Imports, loaded side by side. */
  specifiers: string[]
  /** Where this process kills itself. */
  killAt?: string
  concurrency?: number
}

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan
const { root, url, apiKey, specifiers, killAt, concurrency } = plan
const { context, loadAll, told } = await openRun({
  root,
  service: { url, apiKey },
  options: { concurrency },
  env: process.env,
})
if (killAt !== undefined) stopAt(context, killAt)
console.log('open')
const results = await loadAll(specifiers)
for (const line of told) console.error(line)
for (const result of results)
  console.log(
    'code' in result
      ? `failed ${result.code} ${result.message}`
      : `state ${result.metadata.state} ${result.metadata.key}`,
  )
