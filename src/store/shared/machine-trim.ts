import { stat } from 'node:fs/promises'
import type { Blobs } from '../blobs.ts'
import type { BlobRef } from '../entry.ts'
import type { Layout } from '../layout.ts'
import { isUnreachable } from './machine-folder.ts'

/** How many files, and how much they take together. */
interface FileSum {
  files: number
  bytes: number
}

export const NOTHING: FileSum = { files: 0, bytes: 0 }

/** The oldest go first. Somebody who is reading one keeps its bytes, or finds it missing: then it comes from elsewhere. */
export async function trim(layout: Layout, blobs: Blobs, limit: number): Promise<FileSum> {
  const refs = await blobs.list()
  let left = sum(refs).bytes
  if (left <= limit) return NOTHING
  const used = await Promise.all(refs.map(async (ref) => ({ ref, at: await usedAt(layout.blob(ref)) })))
  const removed = { files: 0, bytes: 0 }
  for (const { ref } of used.toSorted((a, b) => a.at - b.at)) {
    if (left <= limit) break
    await blobs.remove(ref)
    left -= ref.bytes
    removed.files += 1
    removed.bytes += ref.bytes
  }
  return removed
}

async function usedAt(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs
  } catch (error) {
    isUnreachable(error)
    return 0
  }
}

export function sum(refs: readonly BlobRef[]): FileSum {
  return { files: refs.length, bytes: refs.reduce((total, { bytes }) => total + bytes, 0) }
}
