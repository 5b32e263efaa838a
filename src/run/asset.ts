import path from 'node:path'
import type { Facts } from '../glb/facts.ts'
import type { Request } from '../request/request.ts'
import type { BlobRef } from '../store/entry.ts'
import type { AssetMetadata } from '../types.ts'
import type { DerivedPart, StoredFinding } from '../finding/classify.ts'
import type { ShownStandIn } from '../stand-in/stand-in.ts'
import type { FileRole } from '../request/files.ts'

/** The file by which bundlers learn that a model has arrived, as it was before that could happen. */
export interface StateFile {
  path: string
  /** From `fileState`. */
  text: string
}

/** A file that a module points at. */
export interface AssetFile {
  role: FileRole
  /** Absolute path of a file whose bytes were verified and whose name is the one to emit. */
  path: string
  /** The bytes in the store; unset for stand-ins, which are not kept there. */
  blob?: BlobRef | undefined
}

/** A level of detail after the first. */
export interface AssetLevel {
  triangles: number
  bytes: number
  file: AssetFile
}

/** What an importing module gets, before a bundler assigns URLs. */
export interface Asset {
  metadata: AssetMetadata
  /** The GLB first. */
  files: AssetFile[]
  /** Which files the import wants, including those that do not exist. */
  wanted: readonly FileRole[]
  /** Further levels of detail, if the import wants any; empty while they do not exist. */
  lods?: AssetLevel[] | undefined
  /** Set if another model may replace this one by itself: what a live run touches in that case. */
  stateFile?: StateFile | undefined
  /** Set if the model is shown as it came, because what the import wants derived from it does not exist yet. */
  isProvisional?: true | undefined
  /** Set for a stand-in that may get better: see {@link ShownStandIn.improved}. */
  improved?: Promise<boolean> | undefined
  /** Why nothing is on its way that would replace what is shown; unset if nothing went wrong. */
  failure?: unknown
}

/** The asset of a finished request. A cache hit and a cache miss give the same result. */
export function readyAsset(
  finding: Pick<StoredFinding, 'entry' | 'paths' | 'derived' | 'levels'>,
  { wanted, lods }: Pick<Request, 'wanted' | 'lods'>,
): Asset {
  const { entry, paths, derived, levels = [] } = finding
  const { glb } = entry.files
  const { sha256, bytes, facts } = derived ?? { ...glb, facts: entry.facts }
  const isDerived = derived !== undefined && sha256 !== glb.sha256
  const metadata = metadataOf(facts, {
    state: 'ready',
    source: entry.source,
    key: entry.key,
    integrity: integrityOf(sha256),
    bytes,
  })
  const blobs = { ...entry.files, ...(derived && { glb: derived }) }
  const from = { bytes: glb.bytes, triangles: entry.facts.triangles }
  return {
    metadata: isDerived ? { ...metadata, derived: { from, steps: derived.steps } } : metadata,
    files: [...paths].map(([role, file]) => ({ role, path: file, blob: blobs[role] })),
    wanted,
    ...(lods.length > 0 && { lods: levels.map(levelOf) }),
  }
}

function levelOf({ file, path: at }: DerivedPart): AssetLevel {
  const { triangles } = file.facts
  return { triangles, bytes: file.bytes, file: { role: 'glb', path: at, blob: file } }
}

interface StandInUse {
  state: 'pending' | 'preview'
  request: Pick<Request, 'key' | 'wanted' | 'lods'>
  /** The facts of the pinned model that it stands for, so that they do not depend on whose machine has its bytes. */
  facts?: Facts | undefined
}

/** The asset of a stand-in: always one GLB, whatever else the import wants. */
export function standInAsset(standIn: ShownStandIn, use: StandInUse): Asset {
  const { state, request, facts = standIn.facts } = use
  const { key, wanted, lods } = request
  const { bytes } = standIn
  return {
    metadata: metadataOf(facts, {
      state,
      source: 'stand-in',
      key,
      integrity: integrityOf(standIn.sha256),
      bytes,
    }),
    files: [{ role: 'glb', path: standIn.path }],
    wanted,
    ...(lods.length > 0 && { lods: [] }),
    improved: standIn.improved,
  }
}

export function fileNameOf(file: AssetFile): string {
  return path.basename(file.path)
}

/** Field by field, so that neither the order nor later fields of an entry affect a module. */
function metadataOf(
  facts: Facts,
  head: Pick<AssetMetadata, 'state' | 'source' | 'key' | 'integrity' | 'bytes'>,
): AssetMetadata {
  const { triangles, vertices, materials, textures, animations, bounds } = facts
  const { min, max, size } = bounds
  return { ...head, triangles, vertices, materials, textures, animations, bounds: { min, max, size } }
}

/** The form of Subresource Integrity (W3C SRI §3.1). */
function integrityOf(sha256: string): string {
  return `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`
}
