import { aligned } from './byte-layout.ts'
import type { ByteLayout } from './byte-layout.ts'

const MAGIC = 0x46546c67
const JSON_CHUNK = 0x4e4f534a
const BIN_CHUNK = 0x004e4942
const SPACE = 0x20

/** Puts header, JSON chunk and binary chunk together (glTF 2.0, section 4.4). */
export function joinChunks(json: string, layout: ByteLayout): Uint8Array {
  const text = new TextEncoder().encode(json)
  const jsonLength = aligned(text.length)
  const binStart = 20 + jsonLength
  const glb = new Uint8Array(binStart + 8 + layout.byteLength)
  const view = new DataView(glb.buffer)
  const header = [MAGIC, 2, glb.length, jsonLength, JSON_CHUNK]
  header.forEach((value, index) => view.setUint32(index * 4, value, true))
  glb.fill(SPACE, 20, binStart)
  glb.set(text, 20)
  view.setUint32(binStart, layout.byteLength, true)
  view.setUint32(binStart + 4, BIN_CHUNK, true)
  layout.copyTo(glb, binStart + 8)
  return glb
}
