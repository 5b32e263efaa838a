/**
 * Finds the place of a triangle that is nearest to a point: Ericson, Real-Time Collision Detection, 5.1.5. It is asked
 * for every texel, and so writes into a given array.
 *
 * @param found the square of the distance, and the weights of the second and third corner
 */
export function weighNearest(
  corners: Float64Array,
  start: number,
  at: Float64Array,
  found: Float64Array,
): void {
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
