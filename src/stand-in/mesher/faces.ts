import { findComponents } from './components.ts'
import { boxBlur } from './filters.ts'
import type { Shape } from './level-set.ts'
import { at, boundingBox, indexAt, mapPlane, sum } from './plane.ts'
import type { Plane } from './plane.ts'
import { TUNED_SIZE } from './rim.ts'
import { mirrorDifference, mirroredOverlap } from './silhouette.ts'

/** How alike left and right must be: overlap of the silhouette with its mirror image. */
const MIN_SYMMETRY = 0.85
/** The same for lightness: mean difference, in Lab units. */
const MAX_LOPSIDED = 13
/** How much darker or lighter a spot is than its surroundings, in Lab lightness. */
const SPOT_CONTRAST = 16
/** All as shares of the object's area, width or height. */
const SPOT_AREA = { min: 0.0006, max: 0.05 }
const EYE_DISTANCE = { min: 0.12, max: 0.62 }
const OFF_CENTRE = 0.07
const OFF_LEVEL = 0.05
const LOWEST = 0.66

/**
 * Whether a picture shows a face from the front: a symmetric outline, and two like spots side by side at the same
 * distance from its middle. Its back should not show a second face.
 */
export function looksFrontal({ inside, lab, phi }: Shape): boolean {
  const box = boundingBox(inside)
  if (!box || mirroredOverlap(inside, inside) < MIN_SYMMETRY) return false
  if (mirrorDifference(lab.l, inside) > MAX_LOPSIDED) return false
  const contrast = localContrast(lab.l, inside, Math.max(phi.width, phi.height) / TUNED_SIZE)
  const width = box.right - box.left
  const height = box.bottom - box.top
  const area = sum(inside)
  const signs = [-1, 1]
  return signs.some((sign) => {
    const spots = findSpots(mapPlane(contrast, (value) => (value * sign > SPOT_CONTRAST ? 1 : 0)))
      .filter((spot) => spot.area > SPOT_AREA.min * area && spot.area < SPOT_AREA.max * area)
      .map(({ x, y, area }) => ({ x: (x - box.left) / width, y: (y - box.top) / height, area }))
    return spots.some((one, i) => spots.slice(i + 1).some((other) => areEyes(one, other)))
  })
}

interface Spot {
  x: number
  y: number
  area: number
}

function areEyes(one: Spot, other: Spot): boolean {
  const distance = Math.abs(one.x - other.x)
  return (
    distance > EYE_DISTANCE.min &&
    distance < EYE_DISTANCE.max &&
    Math.abs((one.x + other.x) / 2 - 0.5) < OFF_CENTRE &&
    Math.abs(one.y - other.y) < OFF_LEVEL &&
    Math.max(one.y, other.y) < LOWEST &&
    Math.min(one.area, other.area) > Math.max(one.area, other.area) / 2
  )
}

/** Lightness against its surroundings inside of the object. */
function localContrast(lightness: Plane, inside: Plane, size: number): Plane {
  const sigma = 14 * size
  const weight = boxBlur(inside, sigma)
  const around = boxBlur(
    mapPlane(lightness, (value, i) => value * at(inside.data, i)),
    sigma,
  )
  return mapPlane(lightness, (value, i) => {
    return at(inside.data, i) === 1 ? value - at(around.data, i) / Math.max(0.05, at(weight.data, i)) : 0
  })
}

function findSpots(mask: Plane): Spot[] {
  const { labels, areas } = findComponents(mask, 1)
  const spots = areas.map((area) => ({ x: 0, y: 0, area }))
  for (let i = 0; i < labels.length; i++) {
    const spot = spots[indexAt(labels, i) - 1]
    if (!spot) continue
    spot.x += (i % mask.width) / spot.area
    spot.y += Math.floor(i / mask.width) / spot.area
  }
  return spots
}
