import { MeshyError } from '../system/errors.ts'
import type { CanonicalRequest, Request } from '../request/request.ts'
import {
  type BlobRef,
  type DerivedFile,
  type Entry,
  findOtherPicture,
  hasPictures,
  outputFolder,
} from '../store/entry.ts'
import { isBlobUnusable } from '../store/digest.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import type { FindingPorts } from './ports.ts'
import { type Derivation, derivationOf, type Part, partsOf, findPinned } from './derivation.ts'
import { findFreeWay } from './free-way.ts'
import { type State, mayGenerate } from './modes.ts'
import { earliestNow, isOnItsWay, RETENTION_MS } from './record-state.ts'
import { fileOf, type FileRole } from '../request/files.ts'
import { isOutdated } from '../glb/facts.ts'

/** What this machine knows about a request, without asking the service. */
export type Finding = StoredFinding | UnstoredFinding

/** What is known about a stored model. */
export interface StoredFinding extends Knowledge {
  state: 'ready' | 'restorable'
  entry: Entry
}

interface UnstoredFinding extends Knowledge {
  state: Exclude<State, StoredFinding['state']>
  entry: undefined
}

interface Knowledge {
  record: JournalRecord | undefined
  /** Files that the import wants and that are missing, damaged, or were never kept. */
  lacking: FileRole[]
  /** Verified files by role: absolute paths. */
  paths: Map<FileRole, string>
  /** What the import wants to be derived from the model and does not exist yet; unset while there is no model. */
  derivation?: Derivation | undefined
  /** What was already derived; `paths` then has it as the GLB, whether or not the model itself is here. */
  derived?: DerivedFile | undefined
  /** Further levels of detail that were already derived, from fine to coarse. */
  levels?: DerivedPart[] | undefined
  /** How the import could get what is missing without paying. */
  free?: string | undefined
}

/** A derived file, and its verified copy. */
export interface DerivedPart {
  file: DerivedFile
  path: string
}

/** Determines which of the four states a request is in. Every file that is handed out was verified here. */
export async function classify(ports: FindingPorts, request: Request): Promise<Finding> {
  const entry = await findEntry(ports, request.key)
  if (entry) {
    assertSamePictures(entry.request, request)
    const files = await verifyFiles(ports, entry, request)
    return { ...files, state: files.lacking.length > 0 ? 'restorable' : 'ready', entry, record: undefined }
  }
  const record = await ports.store.journal.read(request.key)
  const nothing = { entry, record, lacking: [], paths: new Map<FileRole, string>() }
  const isBegun = isOnItsWay(record, earliestNow(ports.clock))
  if (record && isBegun) assertSamePictures(record.request, request)
  if (isBegun) return { ...nothing, state: 'on its way' }
  return { ...nothing, state: 'missing', free: await findFreeWay(ports, request) }
}

/**
 * What a key means: the lockfile takes precedence over everything else. What only this machine knows counts if the
 * lockfile has no entry, but never in `frozen`: there the committed file is the only authority.
 */
export async function findEntry({ store, options }: FindingPorts, key: string): Promise<Entry | undefined> {
  const pinned = await store.lockfile?.get(key)
  if (pinned || (options.mode === 'frozen' && store.lockfile)) return pinned
  return store.entries.read(key)
}

/** The files of a stored model that an import wants, and what is pinned of what it wants to be derived from it. */
export function filesWanted(
  ports: FindingPorts,
  request: Pick<Request, 'wanted' | 'derivation' | 'lods'>,
  entry: Entry,
): BlobRef[] {
  const derivation = derivationOf(ports, request, entry)
  const parts = derivation ? partsOf(derivation) : []
  return [
    ...request.wanted.flatMap((role) => entry.files[role] ?? []),
    ...parts.flatMap((part) => findPinned(ports, entry, part) ?? []),
  ]
}

async function verifyFiles(ports: FindingPorts, entry: Entry, request: Request) {
  const lacking: FileRole[] = []
  const paths = new Map<FileRole, string>()
  const derivation = derivationOf(ports, request, entry)
  const made = derivation && (await verifyDerived(ports, request, { entry, derivation }))
  const roles = request.wanted.filter((role) => !entry.unavailable?.includes(role))
  for (const role of roles.filter((role) => !isForgone(ports, entry, role))) {
    const ref = entry.files[role]
    const file =
      role === 'glb' && made?.main
        ? made.main.path
        : ref && (await verifiedPath(ports, ref, { key: entry.key, stem: fileStem(request.name, role) }))
    if (file === undefined) lacking.push(role)
    else paths.set(role, file)
  }
  return {
    lacking,
    paths,
    derivation: made ? undefined : derivation,
    derived: made?.main?.file,
    levels: made?.levels,
  }
}

/**
 * Pictures that a model is served without: all those of a user's own model, and preview images that earlier versions
 * requested but did not fetch, if they can no longer be obtained.
 */
function isForgone(
  { options, clock, reporter: { notices } }: FindingPorts,
  entry: Entry,
  role: FileRole,
): boolean {
  const { asks, format, shown } = fileOf(role)
  if (entry.files[role]) return false
  if (entry.source === 'pinned' && format === 'picture') {
    notices.once(
      `${entry.image} is a model of your own, which has no preview images or texture maps: they are left out`,
    )
    return true
  }
  if (!asks) return false
  const mayFetch = options.mode === 'generate' || options.mode === 'ask'
  const age = clock.now() - Date.parse(entry.task?.createdAt ?? '')
  if (mayFetch && options.apiKey !== undefined && age < RETENTION_MS) return false
  notices.once(`${entry.image}: \`${shown.join('.')}\` was not kept with its model and is left out`)
  return true
}

/**
 * A derivation is verified on its own: the model that it comes from need not be here. Undefined unless all of it is.
 */
async function verifyDerived(
  ports: FindingPorts,
  { name }: Request,
  { entry, derivation: { main, levels } }: { entry: Entry; derivation: Derivation },
): Promise<{ main: DerivedPart | undefined; levels: DerivedPart[] } | undefined> {
  const first = main && (await verifyPart(ports, { entry, part: main, stem: name }))
  if (main && !first) return undefined
  const found: DerivedPart[] = []
  for (const [index, part] of levels.entries()) {
    const level = await verifyPart(ports, { entry, part, stem: `${name}-lod${index + 1}` })
    if (!level) return undefined
    found.push(level)
  }
  return { main: first, levels: found }
}

async function verifyPart(
  ports: FindingPorts,
  { entry, part, stem }: { entry: Entry; part: Part; stem: string },
): Promise<DerivedPart | undefined> {
  const file = findPinned(ports, entry, part)
  if (!file) return undefined
  const path = await verifiedPath(ports, file, { key: outputFolder(entry, file), stem })
  return path === undefined ? undefined : { file, path }
}

/** The path of a file whose bytes are correct; undefined if they are missing or damaged, and therefore restorable. */
async function verifiedPath(
  { store: { outputs }, options, reporter: { notices } }: FindingPorts,
  ref: BlobRef,
  { key, stem }: { key: string; stem: string },
): Promise<string | undefined> {
  try {
    const writesNothing = options.mode === 'plan'
    return await (writesNothing ? outputs.locate(ref, key, stem) : outputs.materialise(ref, key, stem))
  } catch (error) {
    if (!isBlobUnusable(error)) throw error
    if (error.code === 'MESHY_BLOB_LFS_POINTER') {
      notices.once('models are Git LFS pointers whose bytes were never pulled: run `git lfs pull`')
    }
    return undefined
  }
}

/**
 * The name of a file without extension: the image's name for the model in its formats, followed by the role for others.
 */
function fileStem(name: string, role: FileRole): string {
  return fileOf(role).format === role ? name : `${name}-${role}`
}

/**
 * A key is short: an attacker can craft an image that has the key of another one. The SHA-256 of its images proves that
 * a model was made from them.
 *
 * @param known the request of an entry, or of a journal record
 * @throws {MeshyError} MESHY_IMAGE_MISMATCH
 */
function assertSamePictures(known: CanonicalRequest, request: Request): void {
  const other = findOtherPicture(known, request.canonical)
  if (!other) return
  const image = [...request.images, ...request.textureImages][other.index]
  const file = image && 'file' in image ? image.file : request.imageName
  throw new MeshyError('MESHY_IMAGE_MISMATCH', {
    message:
      `\`${file}\` is not the image that the model of its key \`${request.key}\` was made from: ` +
      `expected SHA-256 \`${other.expected}\`, got \`${other.found}\`.`,
    hint:
      'Two images never share a key by accident. Find out who changed the image, and restore it. If you want a model of ' +
      `this image, change it by a pixel, or run \`unplugin-meshy forget ${request.key}\`, so that the next build pays for it.`,
    details: { key: request.key, file, ...other },
  })
}

/**
 * Whether nothing is left to do for a stored model: it is pinned, no record on its way belongs to its key, it records
 * which images it was made from, and its facts are current. A run that may not generate leaves it as it is.
 */
export async function isComplete(
  { options: { mode }, store }: Pick<FindingPorts, 'options' | 'store'>,
  { key, request, facts }: Entry,
): Promise<boolean> {
  if (!mayGenerate(mode)) return true
  if (!hasPictures(request) || isOutdated(facts)) return false
  if (store.lockfile && !(await store.lockfile.get(key))) return false
  return !(await store.journal.begun()).has(key)
}
