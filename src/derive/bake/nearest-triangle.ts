import { faceOf, type Patch } from './patch.ts'

/** A place on a surface. */
export interface Hit {
  triangle: number
  /** Of the corners of the triangle. */
  weights: [a: number, b: number, c: number]
}

/** Few enough to check one by one. */
const LEAF = 4
/** How much farther away a triangle counts that faces the other way, as a fraction of the surface's size. */
const TURNED = 0.03
/** A point must be at least this far above the surface, as such a fraction, before something below it can be nearer. */
const ABOVE = 0.002

/** Where to look from, and which way the result should face. */
interface Point {
  place: readonly number[]
  facing: readonly number[]
}

/** Finds the place on a surface that is nearest to a point, on the same side: thin parts have two. */
export class TriangleTree {
  readonly #order: Uint32Array
  readonly #corners: Float64Array
  readonly #faces: Float64Array
  /** Lowest and highest corner of the box of each range, by the position of its middle in the order. */
  readonly #boxes: Float64Array
  readonly #turned: number
  readonly #above: number
  /** A point, and the direction that the result should face. */
  readonly #at = new Float64Array(6)
  readonly #trial = new Float64Array(3)
  /** The squared distance, and the weights of the second and third corner. */
  readonly #best = new Float64Array(3)
  #triangle = 0

  constructor(patch: Patch) {
    const count = patch.indices.length / 3
    this.#corners = new Float64Array(count * 9)
    this.#faces = new Float64Array(count * 3)
    patch.indices.forEach((vertex, i) =>
      this.#corners.set(patch.positions.subarray(vertex * 3, vertex * 3 + 3), i * 3),
    )
    for (let i = 0; i < count; i++) this.#faces.set(faceOf(patch, i), i * 3)
    const hasArea = (i: number) => this.#faces.subarray(i * 3, i * 3 + 3).some((value) => value !== 0)
    this.#order = Uint32Array.from({ length: count }, (_, i) => i).filter(hasArea)
    this.#boxes = new Float64Array(Math.max(1, this.#order.length) * 6)
    const sides = this.#build(0, this.#order.length)
    this.#turned = (TURNED * Math.max(...sides)) ** 2
    this.#above = ABOVE * Math.max(...sides)
  }

  /**
   * @param hint a triangle that is likely to be near
   * @param isEnough to accept that one if the place is inside it
   */
  find(at: Point, { hint, isEnough = false }: { hint?: number | undefined; isEnough?: boolean } = {}): Hit {
    at.place.forEach((value, axis) => {
      const facing = at.facing[axis] ?? 0
      this.#at[axis] = value + facing * this.#above
      this.#at[axis + 3] = facing
    })
    this.#best.fill(0).fill(Infinity, 0, 1)
    this.#triangle = this.#order[0] ?? 0
    if (hint !== undefined) this.#try(hint)
    if (!isEnough || !this.#isWithin()) this.#search(0, this.#order.length)
    const [, b = 0, c = 0] = this.#best
    return { triangle: this.#triangle, weights: [1 - b - c, b, c] }
  }

  #isWithin(): boolean {
    const [, b = 0, c = 0] = this.#best
    return b > 0 && c > 0 && b + c < 1
  }

  /** Sorts a range into halves, and records its box. @returns the lengths of its sides */
  #build(start: number, end: number): number[] {
    const box = this.#boxOf(start, end)
    const middle = (start + end) >> 1
    this.#boxes.set(box, middle * 6)
    const sides = [0, 1, 2].map((axis) => Math.max(0, (box[axis + 3] ?? 0) - (box[axis] ?? 0)))
    if (end - start <= LEAF) return sides
    const axis = sides.indexOf(Math.max(...sides))
    const along = (i: number) =>
      [0, 3, 6].reduce((sum, at) => sum + (this.#corners[i * 9 + at + axis] ?? 0), 0)
    this.#order.subarray(start, end).sort((a, b) => along(a) - along(b))
    this.#build(start, middle)
    this.#build(middle, end)
    return sides
  }

  #boxOf(start: number, end: number): number[] {
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity]
    for (const triangle of this.#order.subarray(start, end)) {
      this.#corners.subarray(triangle * 9, triangle * 9 + 9).forEach((value, i) => {
        box[i % 3] = Math.min(box[i % 3] ?? value, value)
        box[(i % 3) + 3] = Math.max(box[(i % 3) + 3] ?? value, value)
      })
    }
    return box
  }

  #search(start: number, end: number): void {
    const middle = (start + end) >> 1
    if (end - start <= LEAF) {
      for (let i = start; i < end; i++) this.#try(this.#order[i] ?? 0)
      return
    }
    const [left, right] = [this.#away(start, middle), this.#away(middle, end)]
    if (left > right && this.#isNearer(right)) this.#search(middle, end)
    if (this.#isNearer(left)) this.#search(start, middle)
    if (left <= right && this.#isNearer(right)) this.#search(middle, end)
  }

  #isNearer(away: number): boolean {
    return away < (this.#best[0] ?? 0)
  }

  /** The squared distance to the box of a range. */
  #away(start: number, end: number): number {
    const box = ((start + end) >> 1) * 6
    let sum = 0
    for (let axis = 0; axis < 3; axis++) {
      const at = this.#at[axis] ?? 0
      const beyond = Math.max((this.#boxes[box + axis] ?? 0) - at, at - (this.#boxes[box + axis + 3] ?? 0), 0)
      sum += beyond * beyond
    }
    return sum
  }

  #try(triangle: number): void {
    const trial = this.#trial
    weighNearest(this.#corners, triangle * 9, this.#at, trial)
    let facing = 0
    for (let axis = 0; axis < 3; axis++) {
      facing += (this.#faces[triangle * 3 + axis] ?? 0) * (this.#at[axis + 3] ?? 0)
    }
    const cost = (trial[0] ?? 0) + (facing < 0 ? this.#turned : 0)
    if (cost >= (this.#best[0] ?? 0)) return
    this.#best.set(trial)
    this.#best[0] = cost
    this.#triangle = triangle
  }
}

/**
 * Finds the place of a triangle that is nearest to a point: Ericson, Real-Time Collision Detection, 5.1.5. Called for
 * every texel, so it writes into a given array.
 *
 * @param found the squared distance, and the weights of the second and third corner
 */
function weighNearest(corners: Float64Array, start: number, at: Float64Array, found: Float64Array): void {
  let [ab2, ac2, abc, abp, acp, app] = [0, 0, 0, 0, 0, 0]
  for (let axis = 0; axis < 3; axis++) {
    const a = corners[start + axis] ?? 0
    const ab = (corners[start + 3 + axis] ?? 0) - a
    const ac = (corners[start + 6 + axis] ?? 0) - a
    const ap = (at[axis] ?? 0) - a
    ab2 += ab * ab
    ac2 += ac * ac
    abc += ab * ac
    abp += ab * ap
    acp += ac * ap
    app += ap * ap
  }
  weigh({ ab2, ac2, abc, abp, acp }, found)
  const [, b = 0, c = 0] = found
  found[0] = app - 2 * (b * abp + c * acp) + b * b * ab2 + c * c * ac2 + 2 * b * c * abc
}

/** Products of the sides at the first corner, and of the way from there to the point. */
interface Products {
  ab2: number
  ac2: number
  abc: number
  abp: number
  acp: number
}

function weigh({ ab2, ac2, abc, abp, acp }: Products, found: Float64Array): void {
  const atB = { along: abp - ab2, beside: acp - abc }
  const atC = { along: abp - abc, beside: acp - ac2 }
  if (abp <= 0 && acp <= 0) return put(found, 0, 0)
  if (atB.along >= 0 && atB.beside <= atB.along) return put(found, 1, 0)
  if (atC.beside >= 0 && atC.along <= atC.beside) return put(found, 0, 1)
  const c = abp * atB.beside - atB.along * acp
  const b = atC.along * acp - abp * atC.beside
  const a = atB.along * atC.beside - atC.along * atB.beside
  if (isOn(c, abp, -atB.along)) return put(found, abp / (abp - atB.along), 0)
  if (isOn(b, acp, -atC.beside)) return put(found, 0, acp / (acp - atC.beside))
  const [fromB, fromC] = [atB.beside - atB.along, atC.along - atC.beside]
  const share = fromB / (fromB + fromC)
  if (isOn(a, fromB, fromC)) return put(found, 1 - share, share)
  return put(found, b / (a + b + c), c / (a + b + c))
}

/** Whether a point is beyond a side, and between its ends. */
function isOn(weight: number, from: number, to: number): boolean {
  return weight <= 0 && from >= 0 && to >= 0
}

function put(found: Float64Array, b: number, c: number): void {
  found[1] = b
  found[2] = c
}
