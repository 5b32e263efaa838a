import { interleave, mapLab } from './colour.ts'
import type { Lab } from './colour.ts'
import { tidy } from './components.ts'
import { erode, halve, invert, isAbove } from './filters.ts'
import { at, clamp, createPlane, mapPlane } from './plane.ts'
import type { Plane } from './plane.ts'
import { spreadColours } from './push-pull.ts'

/** Half the width of the band around the outline in which coverage is estimated, in pixels. */
const BAND = 3
/** Squared Lab distance below which object and backdrop cannot be told apart. */
const MIN_CONTRAST = 60

/**
 * Soft coverage of the object, 0 to 1: in a band along the outline of a hard mask, each pixel is projected on the
 * line from the backdrop's colour nearby to the object's. Takes away stairs and halo.
 */
export function matte(lab: Lab, mask: Plane): Plane {
  const certain = { object: erode(mask, BAND), backdrop: erode(invert(mask), BAND) }
  const small = interleave(mapLab(lab, halve))
  const object = spreadColours(small, isAbove(halve(certain.object), 0.99))
  const backdrop = spreadColours(small, isAbove(halve(certain.backdrop), 0.99))
  const coverage = createPlane(mask.width, mask.height)
  for (let y = 0, i = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++, i++) {
      if (at(certain.object.data, i) === 1) coverage.data[i] = 1
      else if (at(certain.backdrop.data, i) === 0) {
        const nearby = 3 * ((y >> 1) * object.width + (x >> 1))
        coverage.data[i] = project(lab, i, object.data, backdrop.data, nearby) ?? at(mask.data, i)
      }
    }
  }
  return withoutSpecks(coverage)
}

function project(lab: Lab, i: number, to: Float32Array, from: Float32Array, c: number): number | undefined {
  const dl = at(to, c) - at(from, c)
  const da = at(to, c + 1) - at(from, c + 1)
  const db = at(to, c + 2) - at(from, c + 2)
  const contrast = dl * dl + da * da + db * db
  if (contrast < MIN_CONTRAST) return undefined
  const along =
    (at(lab.l.data, i) - at(from, c)) * dl +
    (at(lab.a.data, i) - at(from, c + 1)) * da +
    (at(lab.b.data, i) - at(from, c + 2)) * db
  return clamp(along / contrast, 0, 1)
}

function withoutSpecks(coverage: Plane): Plane {
  const hard = isAbove(coverage, 0.5)
  const clean = tidy(hard)
  return mapPlane(coverage, (value, i) =>
    at(hard.data, i) === at(clean.data, i) ? value : at(clean.data, i),
  )
}
