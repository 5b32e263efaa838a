import { type BackdropFit, fitBackdrop } from './backdrop-fit.ts'
import { interleave, type Lab, mapLab, type Difference, measureDifference } from './colour.ts'
import { spreadColours } from './push-pull.ts'
import { findComponents, keepWhere, tidy } from './components.ts'
import { close, erode, gauss, invert, open } from './filters.ts'
import { at, clamp, createPlane, indexAt, mapPlane, type Plane, sum } from './plane.ts'

/** The object in front of a plain backdrop. */
interface Segmentation {
  /** 1 on the object. */
  mask: Plane
  /** Fraction of all pixels that look like the backdrop but have contours inside: likely parts of the object. */
  lookalike: number
}

/** Lab distance below which a pixel is backdrop, before noise is added. */
const SAME = 7
/** Chroma distance below which a darker pixel is shadow, before noise is added. */
const SAME_CHROMA = 6
/** Shadows have no contours: the steepest slope of one, in Lab units per pixel. */
const SOFT = 4
/** The smallest hole through the object, as a fraction of the image. */
const MIN_HOLE = 0.0008
const AREA = { min: 0.006, max: 0.9 }
/** Objects that cover more of the border than this are cropped by it. */
const MAX_TOUCHING = 0.4

/**
 * Separates the object of an opaque image from a plain backdrop.
 *
 * 1. Fit the backdrop to the border.
 * 2. Flood from the border through what has its colour, or is a soft shadow on it.
 * 3. Open the holes through the object that show the backdrop.
 *
 * Returns `undefined` if there is no plain backdrop, or no object of a sensible size in front of it.
 */
export function segment(raw: Lab): Segmentation | undefined {
  const lab = mapLab(raw, (channel) => gauss(channel, 0.6))
  const fit = fitBackdrop(lab)
  if (!fit) return undefined
  const difference = measureDifference(lab, fit.colour)
  const { backdrop, shadows } = flood(difference, fit.noise)
  const holes = findHoles(lab, backdrop, { difference, noise: fit.noise, shadows })
  const solid = mapPlane(backdrop, (isBackdrop, i) => (isBackdrop === 1 || at(holes.data, i) === 1 ? 0 : 1))
  const mask = tidy(open(close(solid, 1), 1))
  if (!isSensible(mask, fit)) return undefined
  return { mask, lookalike: contoursIn(backdrop, mask, { slope: difference.slope, noise: fit.noise }) }
}

/** Without the shadow rule if that rule removes most of the object: a grey object on white looks like shadow. */
function flood({ distance, shadowDistance, slope }: Difference, noise: number) {
  const same = SAME + 2 * noise
  const hard = floodFromBorder(mapPlane(distance, (d) => (d < same ? 1 : 0)))
  const shadow = SAME_CHROMA + noise
  const passes = mapPlane(distance, (d, i) =>
    d < same || (at(shadowDistance.data, i) < shadow && at(slope.data, i) < SOFT) ? 1 : 0,
  )
  const soft = floodFromBorder(passes)
  const left = (backdrop: Plane): number => backdrop.data.length - sum(backdrop)
  const shadows = left(soft) >= left(hard) * 0.5
  return { backdrop: shadows ? soft : hard, shadows }
}

interface HoleSearch {
  difference: Difference
  noise: number
  shadows: boolean
}

/** Enclosed areas that match the backdrop, extrapolated from what was flooded. */
function findHoles(lab: Lab, backdrop: Plane, { difference, noise, shadows }: HoleSearch): Plane {
  const behind = spreadColours(interleave(lab), erode(backdrop, 2)).data
  const maxChroma = (4 + noise) ** 2
  const maxLightness = shadows ? 9 : 4 + noise
  const matches = mapPlane(backdrop, (isBackdrop, i) => {
    if (isBackdrop === 1 || at(difference.slope.data, i) >= SOFT) return 0
    const lightness = at(lab.l.data, i)
    const lit = clamp(lightness / Math.max(1, at(behind, 3 * i)), 0.2, 1)
    const da = at(lab.a.data, i) - at(behind, 3 * i + 1) * lit
    const db = at(lab.b.data, i) - at(behind, 3 * i + 2) * lit
    return da * da + db * db < maxChroma && Math.abs(lightness - at(behind, 3 * i)) < maxLightness ? 1 : 0
  })
  const holes = createPlane(backdrop.width, backdrop.height)
  keepWhere(holes, findComponents(matches, 1), (area) => area > backdrop.data.length * MIN_HOLE)
  return holes
}

function isSensible(mask: Plane, { ring }: BackdropFit): boolean {
  const share = sum(mask) / mask.data.length
  let touching = 0
  for (let i = 0; i < ring.length; i++) touching += at(mask.data, indexAt(ring, i))
  return share > AREA.min && share < AREA.max && touching / ring.length < MAX_TOUCHING
}

/**
 * How much steeper a contour is than its surroundings, in Lab units per pixel, before noise is added; a shadow is not.
 */
const CONTOUR = 0.5
const CONTOUR_NOISE = 0.5
const AROUND = 3
/** Distance from the object in pixels, so that its own outline does not count. */
const AWAY = 3

/** A backdrop has no contours; if the flooded part has some, away from the object, the flood ran over the object. */
function contoursIn(backdrop: Plane, mask: Plane, { slope, noise }: { slope: Plane; noise: number }): number {
  const away = erode(invert(mask), AWAY)
  const around = gauss(slope, AROUND)
  const steep = CONTOUR + CONTOUR_NOISE * noise
  const contours = mapPlane(away, (isAway, i) => {
    const isContour = at(slope.data, i) - at(around.data, i) > steep
    return isAway === 1 && at(backdrop.data, i) === 1 && isContour ? 1 : 0
  })
  return sum(contours) / contours.data.length
}

/** All pixels of a mask that are connected to the border of the image through the mask. */
function floodFromBorder(passable: Plane): Plane {
  const { width, height } = passable
  const { labels } = findComponents(passable, 1)
  const reached = new Set<number>()
  for (let x = 0; x < width; x++)
    reached.add(indexAt(labels, x)).add(indexAt(labels, (height - 1) * width + x))
  for (let y = 0; y < height; y++)
    reached.add(indexAt(labels, y * width)).add(indexAt(labels, (y + 1) * width - 1))
  reached.delete(0)
  const flooded = createPlane(width, height)
  for (let i = 0; i < labels.length; i++) if (reached.has(indexAt(labels, i))) flooded.data[i] = 1
  return flooded
}
