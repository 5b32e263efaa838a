import { hasCode, MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import { classify, type Finding, type StoredFinding } from '../finding/classify.ts'
import type { Ports } from './ports.ts'
import { generate, type Generated } from './generate.ts'
import { isImportRemoved, lacksPermission, type Permission } from '../finding/permission.ts'
import { restore } from './restore.ts'
import type { FileRole } from '../request/files.ts'

/** A model to obtain, and whether it may be paid for. */
interface Wanted {
  finding: Finding
  permission: Permission | undefined
}

/**
 * Gets a model that is not ready, and waits for it: restored from its task, adopted, or generated. Imports of the same
 * key share one flight, across all plugin instances of the process.
 *
 * @throws {MeshyError} MESHY_PERMISSION_MISSING if it turns out to be missing, and paying is not permitted
 */
export async function obtain(
  ports: Ports,
  request: Request,
  { finding, permission }: Wanted,
): Promise<StoredFinding> {
  const startedAt = ports.clock.now()
  const seconds = () => (ports.clock.now() - startedAt) / 1000
  let current = finding
  try {
    if (current.state !== 'restorable') {
      const { origin, credits } = await generateOnce(ports, request, { finding, permission })
      ports.reporter.addEffort(request, { origin, credits, seconds: seconds() })
      current = await classify(ports, request)
    }
    // Also needed after joining a flight that did not know about a file that this import wants.
    if (current.state === 'restorable') {
      await restoreOnce(ports, request, current.entry, current.lacking)
      ports.reporter.addEffort(request, { origin: 'restored', credits: 0, seconds: seconds() })
      current = await classify(ports, request)
    }
  } finally {
    ports.reporter.progress(request, 'done')
  }
  if (current.state === 'ready') return current
  throw new MeshyError('MESHY_CACHE_CORRUPT', {
    message: `The model of \`${request.imageName}\` was stored but has disappeared: another program removes files from the cache.`,
    hint: 'Make sure that nothing cleans the cache folder, and run again. Nothing is paid again while the task is kept.',
    details: { key: request.key, state: current.state },
  })
}

/**
 * After joining a flight that may not pay, for whom nobody waits any more, or whose own run fails, an import continues
 * by itself.
 */
async function generateOnce(
  ports: Ports,
  request: Request,
  { finding, permission }: Wanted,
): Promise<Generated> {
  const { models, purse } = ports
  const fly = () =>
    models.flights.join(request.key, () =>
      generate(ports, request, { known: finding.record, permission }).then(
        (made) => ({ made }),
        (error: unknown) => ({ error, purse }),
      ),
    )
  const first = await fly()
  if ('made' in first) return first.made
  const { error } = first
  const isOfOther = first.purse !== purse && hasCode(error, 'MESHY_NOT_SUBMITTED') && !purse.hasFailed()
  const mayGoOn = permission !== undefined && (lacksPermission(error) || isOfOther)
  if (!mayGoOn && !(isImportRemoved(error) && (await models.isWanted(request)))) throw error
  const second = await fly()
  if ('made' in second) return second.made
  throw second.error
}

async function restoreOnce(ports: Ports, request: Request, entry: Entry, lacking: FileRole[]): Promise<void> {
  const flight = `${request.key} ${lacking.join(' ')}`
  await ports.models.flights.join(flight, () => restore(ports, { entry, lacking }))
}
