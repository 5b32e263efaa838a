import { bringBlob, forEachFile } from '../../../../src/store/shared/sources.ts'
import type { BlobRef } from '../../../../src/store/entry.ts'
import { systemClock } from '../../../../src/system/clock.ts'
import { openProject } from '../restoring.ts'

/** What a clone lacks, and where it may have it from. */
export interface RestorePlan {
  project: string
  machine: string
  url: string
  refs: BlobRef[]
}

// Brings files into a project as the start of a build does, and ends as a build ends: `restore.ts <plan as JSON>`. It prints
// how many came.
const { refs, ...places }: RestorePlan = JSON.parse(process.argv[2] ?? '')
const { shared } = openProject(places, (text) => console.error(text))
const brought = await forEachFile(refs, (ref) => bringBlob(shared.sources, ref, { clock: systemClock }))
await shared.machine?.tidy()
console.log(brought.filter(({ from }) => from !== undefined).length)
