const IDENTIFIER = [0xab, 0x4b, 0x54, 0x58, 0x20, 0x32, 0x30, 0xbb, 0x0d, 0x0a, 0x1a, 0x0a]
const R8G8B8A8_SRGB = 43
const HEADER = 80
const LEVEL_INDEX = 24
/** Its total size, a basic block with four samples. */
const DESCRIPTOR = 4 + 24 + 4 * 16

/** A whole KTX2 file: one level of plain pixels with a gradient. */
export function ktx2(side = 64): Uint8Array<ArrayBuffer> {
  const start = HEADER + LEVEL_INDEX + DESCRIPTOR
  const pixels = Uint8Array.from({ length: side * side * 4 }, (_, at) =>
    at % 4 === 3 ? 255 : (at * 4) % 256,
  )
  const file = new Uint8Array(start + pixels.length)
  const view = new DataView(file.buffer)
  const words = (at: number, values: number[]) =>
    values.forEach((value, i) => view.setUint32(at + i * 4, value, true))
  file.set(IDENTIFIER)
  // Format, bytes of a component, width, height, depth, layers, faces, levels, supercompression; then descriptor, notes, globals.
  words(12, [R8G8B8A8_SRGB, 1, side, side, 0, 0, 1, 1, 0, HEADER + LEVEL_INDEX, DESCRIPTOR])
  words(HEADER, [start, 0, pixels.length, 0, pixels.length, 0])
  words(HEADER + LEVEL_INDEX, descriptor())
  file.set(pixels, start)
  return file
}

function descriptor(): number[] {
  const [version, rgbSrgb, bytes] = [2, 0x0002_0101, 4]
  // Alpha is linear, whatever the transfer function says.
  const samples = [0, 1, 2, 0x1f].flatMap((channel, i) => [(channel << 24) | (7 << 16) | (i * 8), 0, 0, 255])
  return [DESCRIPTOR, 0, version | ((DESCRIPTOR - 4) << 16), rgbSrgb, 0, bytes, 0, ...samples]
}
