import type { Request } from '../request/request.ts'
import type { Entry, FileRole } from '../store/entry.ts'
import { classify, type Finding } from './classify.ts'
import type { Context } from './context.ts'
import { generate } from './generate.ts'
import { restore } from './restore.ts'

export interface Obtained {
  entry: Entry
  paths: Map<FileRole, string>
}

/**
 * Gets a model that is not ready, and waits for it: restored from its task, taken over, or generated. Imports of the
 * same key share one flight, in all plugin instances of the process.
 */
export async function obtain(context: Context, request: Request, finding: Finding): Promise<Obtained> {
  let current = finding
  if (current.state !== 'restorable') {
    await context.flights.join(request.key, () => generate(context, request))
    current = await classify(context, request)
  }
  // Also for whoever joined a flight that did not know of a file that this import wants.
  if (current.state === 'restorable' && current.entry) {
    const { entry, lacking } = current
    await context.flights.join(`${request.key} ${lacking.join()}`, () =>
      restore(context, request, { entry, lacking }),
    )
    current = await classify(context, request)
  }
  if (current.entry && current.state === 'ready') return { entry: current.entry, paths: current.paths }
  throw new Error(`The model of ${request.imageName} was stored and cannot be found: ${current.state}.`)
}
