import { expect } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'

/** Puts a GLB together from any JSON, also from JSON that no writer of ours would write. */
export function assembleGlb(json: unknown, bin: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, ' ')])
  const header = Buffer.alloc(20)
  const total = 20 + padded.length + (bin.length > 0 ? 8 + bin.length : 0)
  const words = [0x46546c67, 2, total, padded.length, 0x4e4f534a]
  words.forEach((word, index) => header.writeUInt32LE(word, index * 4))
  if (bin.length === 0) return new Uint8Array(Buffer.concat([header, padded]))
  const binHeader = Buffer.alloc(8)
  binHeader.writeUInt32LE(bin.length, 0)
  binHeader.writeUInt32LE(0x004e4942, 4)
  return new Uint8Array(Buffer.concat([header, padded, binHeader, bin]))
}

/** The code and message of what `run` throws. */
export function codeOf(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    if (isMeshyError(error)) return { code: error.code, message: error.message }
    throw error
  }
  return expect.fail('Expected an error')
}

/** Severities that the Khronos validator counts for a GLB. */
export async function validateGlb(glb: Uint8Array) {
  const { validateBytes } = await import('gltf-validator')
  const { issues } = await validateBytes(glb, { format: 'glb' })
  return { errors: issues.numErrors, warnings: issues.numWarnings, messages: issues.messages }
}
