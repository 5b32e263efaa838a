import { at, byteAt, createPlane } from './plane.ts'
import type { Plane } from './plane.ts'
import type { Colours } from './push-pull.ts'

/** CIE Lab: `l` from 0 to 100; distances are roughly what the eye sees. */
export interface Lab {
  l: Plane
  a: Plane
  b: Plane
}

/** Converts sRGB pixels (RGBA bytes, alpha ignored). */
export function toLab(pixels: Uint8Array, width: number, height: number): Lab {
  const [l, a, b] = [createPlane(width, height), createPlane(width, height), createPlane(width, height)]
  for (let i = 0, p = 0; i < l.data.length; i++, p += 4) {
    const red = at(LINEAR, byteAt(pixels, p))
    const green = at(LINEAR, byteAt(pixels, p + 1))
    const blue = at(LINEAR, byteAt(pixels, p + 2))
    const x = perceived(0.4339 * red + 0.3762 * green + 0.1899 * blue)
    const y = perceived(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    const z = perceived(0.0177 * red + 0.1095 * green + 0.8728 * blue)
    l.data[i] = 116 * y - 16
    a.data[i] = 500 * (x - y)
    b.data[i] = 200 * (y - z)
  }
  return { l, a, b }
}

export function mapLab({ l, a, b }: Lab, filter: (plane: Plane) => Plane): Lab {
  return { l: filter(l), a: filter(a), b: filter(b) }
}

/** The three planes side by side, as {@link Colours}. */
export function interleave({ l, a, b }: Lab): Colours {
  const { width, height } = l
  const data = new Float32Array(width * height * 3)
  for (let i = 0, c = 0; c < data.length; i++, c += 3) {
    data[c] = at(l.data, i)
    data[c + 1] = at(a.data, i)
    data[c + 2] = at(b.data, i)
  }
  return { data, width, height }
}

const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const c = byte / 255
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
})

const STEPS = 4096
const PERCEIVED = Float32Array.from({ length: STEPS + 1 }, (_, step) => {
  const t = step / STEPS
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116
})

function perceived(linear: number): number {
  return at(PERCEIVED, Math.min(STEPS, Math.round(linear * STEPS)))
}
