import type { CanonicalRequest, Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import type { FindingPorts } from './ports.ts'
import { readAll } from '../store/found-records.ts'

/** The target if an import names no count. */
const DEFAULT_POLYCOUNT = 30_000

/**
 * How an import could get its model without paying. If the project has a model of the same images that differs only in
 * having more polygons, `simplify` reduces that one; a model of an emulator is available to runs with an emulator.
 */
export async function findFreeWay({ store }: FindingPorts, request: Request): Promise<string | undefined> {
  // An unreadable entry is reported where it is needed; here it just gives no hint about others.
  const entries = store.lockfile ? [...(await store.lockfile.all()).values()] : await readAll(store.entries)
  return simplified(entries, request) ?? emulatedOnly(entries, request)
}

function emulatedOnly(entries: readonly Entry[], { canonical }: Request): string | undefined {
  if (canonical.emulated) return undefined
  const wanted = exceptPolycount(canonical)
  const isTwin = ({ request }: Entry) =>
    request.emulated && exceptPolycount(request) === wanted && polycountOf(request) === polycountOf(canonical)
  const twin = entries.find(isTwin)
  if (twin?.source === 'pinned')
    return `\`${twin.image}\` is pinned for runs with an emulator only: \`unplugin-meshy pin\`, run without one, pins your model for this run too.`
  return (
    twin &&
    `\`${twin.image}\` is only stored as a model of an emulator, which counts only if MESHY_BASE_URL is that of an emulator.`
  )
}

function simplified(entries: readonly Entry[], request: Request): string | undefined {
  const wanted = request.params['target_polycount']
  if (typeof wanted !== 'number') return undefined
  const larger = entries.filter(
    (entry) =>
      differsOnlyInPolycount(request.canonical, entry.request) && polycountOf(entry.request) > wanted,
  )
  const [nearest] = larger.toSorted((a, b) => polycountOf(a.request) - polycountOf(b.request))
  if (!nearest) return undefined
  const count = polycountOf(nearest.request)
  const written = count === DEFAULT_POLYCOUNT ? 'without `poly`' : `with \`poly=${count}\``
  return `\`${nearest.image}\` ${written} is already stored: \`simplify=${wanted}\` on that import reduces it to ${wanted} triangles for free.`
}

function differsOnlyInPolycount(wanted: CanonicalRequest, stored: CanonicalRequest): boolean {
  return wanted.emulated === stored.emulated && exceptPolycount(wanted) === exceptPolycount(stored)
}

/**
 * A request without its polygons and its service. Fields in a fixed order, because a lockfile stores them in another
 * order than a request that was just read.
 */
function exceptPolycount({ kind, images, textureImages, params, take }: CanonicalRequest): string {
  const pictures = [images, textureImages].map((list) =>
    list.map((image) => ('url' in image ? image.url : [image.hash, image.bytes])),
  )
  const others = Object.entries(params)
    .filter(([name]) => name !== 'target_polycount')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([kind, pictures, others, take])
}

function polycountOf({ params }: CanonicalRequest): number {
  return Number(params['target_polycount'] ?? DEFAULT_POLYCOUNT)
}
