import type { Facts } from '../glb/facts.ts'
import type { CanonicalRequest } from '../request/request.ts'
import type { Params } from '../request/param-value.ts'
import type { FileRole } from '../request/files.ts'

/** A file in the cache, by its bytes. */
export interface BlobRef {
  sha256: string
  bytes: number
  /** File extension without the dot: `glb`, `png`. */
  ext: string
}

/** What was made of a model on some machine. Its bytes are a blob like those of the model itself. */
export interface DerivedFile extends BlobRef {
  /** What was done, in this order, for readers. */
  steps: string[]
  facts: Facts
}

/** The record of a finished request. */
export interface Entry {
  key: string
  /** File name of the imported image, for the reader. */
  image: string
  request: CanonicalRequest
  /** `ai_model` as requested. */
  model: string
  /** Where the bytes come from: `pinned` are the user's own. */
  source: 'meshy' | 'emulator' | 'pinned'
  files: Partial<Record<FileRole, BlobRef>> & { glb: BlobRef }
  /** Files that were asked for and that the task did not make. */
  unavailable?: FileRole[] | undefined
  facts: Facts
  /** What was derived from the GLB, by the key of the derivation. */
  derived?: Record<string, DerivedFile> | undefined
  /** The task that made it; absent for the user's own bytes. */
  task?: { id: string; credits: number; createdAt?: string | undefined } | undefined
}

/** What only the machine knows that stored an entry. Never in the lockfile. */
export interface Provenance {
  pluginVersion: string
  /** ISO time. */
  storedAt: string
  /** ISO times of the task, by the clock of the service. */
  task?:
    | { createdAt?: string | undefined; startedAt?: string | undefined; finishedAt?: string | undefined }
    | undefined
  /** What the task really cost, where the service says so. */
  consumedCredits?: number | undefined
  /** The model that made it, as the service says: what `latest` meant then. */
  aiModel?: string | undefined
  /** Every effective parameter, spelled out. */
  params: Params
  /** Who had paid for it before, where it was taken from a store. */
  takenFrom?: string | undefined
  /** Which tools derived what, by the key of the derivation. */
  derived?: Record<string, { derivedAt: string; tools: Record<string, string> }> | undefined
}

/** An entry as this machine keeps it. */
export interface StoredEntry extends Entry {
  provenance: Provenance
}

/** Every file that an entry names, what was derived included; each once. */
export function blobsOf({ files, derived = {} }: Pick<Entry, 'files' | 'derived'>): BlobRef[] {
  const all = [...Object.values(files), ...Object.values(derived)]
  return [...new Map(all.map((ref) => [ref.sha256, ref])).values()]
}
