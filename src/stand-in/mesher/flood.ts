import { findComponents } from './components.ts'
import { createPlane, indexAt } from './plane.ts'
import type { Plane } from './plane.ts'

/** All pixels of a mask that are connected to the border of the picture through the mask. */
export function floodFromBorder(passable: Plane): Plane {
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
