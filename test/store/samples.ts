import { createHash } from 'node:crypto'
import { createHasher, fingerprint } from '../../src/request/fingerprint.ts'
import type { CanonicalRequest } from '../../src/request/request.ts'
import type { BlobRef, Entry, StoredEntry } from '../../src/store/entry.ts'
import type { JournalStart } from '../../src/store/journal-record.ts'

const hasher = await createHasher()

export const keyOf = (request: CanonicalRequest): string => fingerprint(request, hasher)

/** A request of its own for each number. */
export function sampleRequest(number = 1): CanonicalRequest {
  return {
    kind: 'image-to-3d',
    images: [{ hash: number.toString(16).padStart(16, '0'), bytes: 4_096 }],
    textureImages: [],
    params: { enable_pbr: true, target_polycount: 20_000 },
    take: 1,
    emulated: false,
  }
}

/** The address of a text, without the text. */
export function refTo(text: string, ext = 'glb'): BlobRef {
  return { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text), ext }
}

export function sampleEntry(number = 1, changes: Partial<Entry> = {}): Entry {
  const request = sampleRequest(number)
  return {
    key: keyOf(request),
    image: `image-${number}.png`,
    model: 'latest',
    source: 'meshy',
    request,
    files: { glb: refTo(`model ${number}`) },
    facts: {
      triangles: 19_998,
      vertices: 12_004,
      materials: 1,
      textures: 4,
      animations: 0,
      bounds: { min: [-0.5, 0, -0.25], max: [0.5, 1.9, 0.25], size: [1, 1.9, 0.5] },
    },
    task: { id: `task-${number}`, credits: 30, createdAt: '2026-01-02T03:04:05.000Z' },
    ...changes,
  }
}

export function sampleStoredEntry(number = 1): StoredEntry {
  return {
    ...sampleEntry(number),
    provenance: {
      pluginVersion: '0.1.0',
      storedAt: '2026-01-02T03:06:07.000Z',
      task: { createdAt: '2026-01-02T03:04:05.000Z', finishedAt: '2026-01-02T03:05:59.000Z' },
      consumedCredits: 30,
      params: { ai_model: 'latest', enable_pbr: true },
    },
  }
}

export function sampleStart(number = 1): JournalStart {
  const { key, image, request } = sampleEntry(number)
  return {
    key,
    image,
    request,
    params: { ai_model: 'latest', enable_pbr: true },
    host: 'https://api.meshy.ai',
    account: '0123456789abcdef',
    startedAt: '2026-01-02T03:04:05.000Z',
  }
}
