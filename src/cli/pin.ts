import path from 'node:path'
import { isMeshySpecifier } from '../request/parse.ts'
import { readSpecifier } from './subject.ts'
import { defineCommand } from './command.ts'
import { formatBytes, quoted } from '../system/format.ts'
import { printResult } from './print.ts'
import { openCommand, projectArgs, whyNothingPinned } from './project.ts'
import { UsageError } from './failure.ts'
import { readFile } from 'node:fs/promises'
import { errnoOf, isMeshyError, MeshyError, hasErrno } from '../system/errors.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { assertGlbHeader } from '../glb/validate.ts'
import type { Request } from '../request/request.ts'
import { fileOf } from '../request/files.ts'
import type { Entry } from '../store/entry.ts'
import type { Context } from '../run/context.ts'
import { findEntry } from '../finding/classify.ts'
import { earliestNow, isOnItsWay } from '../finding/record-state.ts'
import { findRecord } from '../store/found-records.ts'
import { ifIntact } from '../store/disk-errors.ts'
import { withKeyLease } from '../generate/turn.ts'
import { PLUGIN_VERSION } from '../system/version.ts'

export const pin = defineCommand({
  meta: { name: 'pin', description: 'Give an import a model of your own, for free.' },
  args: {
    import: {
      type: 'positional',
      description: 'The import as written in the code: "./hero.png?meshy&pbr".',
      required: true,
    },
    file: { type: 'positional', description: 'The GLB.', required: true },
    ...projectArgs,
  },
  async run({ import: specifier, file, json, ...args }) {
    if (!isMeshySpecifier(specifier)) {
      throw new UsageError(
        `\`${specifier}\` is not an import of a model; expected one such as "./hero.png?meshy".`,
      )
    }
    const { context, place } = await openCommand(args)
    const request = await readSpecifier(context, specifier, place.cwd)
    const { key, image, files, facts } = await pinOwnBytes(context, request, path.resolve(place.cwd, file))
    const unpinned = whyNothingPinned(context)
    const size = `${facts.triangles} triangles, ${formatBytes(files.glb.bytes)}.`
    printResult(
      json,
      { key, image, ...files.glb, facts },
      unpinned
        ? `${image} (${key}) is ${file} on this machine: ${size} ${unpinned}`
        : `${image} (${key}) is pinned to ${file}: ${size}`,
    )
  },
})

/**
 * Pins the user's own bytes to a request: a retouched model, or one from elsewhere. They replace what is pinned.
 *
 * @param file absolute path of the GLB
 * @throws {MeshyError} MESHY_GLB_INVALID; MESHY_COMMAND_REFUSED while a paid model is on its way, and for an import of
 *   other formats
 */
export async function pinOwnBytes(context: Context, request: Request, file: string): Promise<Entry> {
  const { store, clock, signal } = context.ports
  assertGlbSuffices(request)
  const bytes = await readModel(file)
  assertGlbHeader(bytes, bytes.length)
  const facts = await factsOf(bytes)
  return withKeyLease(context.ports, request, async () => {
    await assertNothingOnItsWay(context, request)
    const entry: Entry = {
      key: request.key,
      image: request.imageName,
      model: String(request.params['ai_model'] ?? 'latest'),
      source: 'pinned',
      request: request.canonical,
      files: { glb: await store.blobs.write(bytes, { ext: 'glb', signal }) },
      facts,
    }
    const storedAt = new Date(clock.now()).toISOString()
    const provenance = { pluginVersion: PLUGIN_VERSION, storedAt, params: request.params }
    await store.entries.write({ ...entry, provenance })
    await store.lockfile?.put(entry, { replace: true })
    return entry
  })
}

/** Code can do without pictures, which are left out, but not without a format. */
function assertGlbSuffices({ key, imageName, wanted }: Request): void {
  const others = wanted
    .map(fileOf)
    .filter(({ format, shown }) => format !== 'picture' && shown[0] === 'files')
  if (others.length === 0) return
  const names = quoted(others.map(({ shown }) => shown.join('.')))
  throw new MeshyError('MESHY_COMMAND_REFUSED', {
    message: `The import of \`${imageName}\` asks for ${names}, but a model of your own is a GLB alone.`,
    hint:
      'Remove `formats` and `pre-remesh` from the import and from the defaults, then pin the GLB. Import your own files of ' +
      'other formats by themselves, without `?meshy`.',
    details: { key, roles: wanted.filter((role) => others.includes(fileOf(role))) },
  })
}

/** If this machine has no codec for compressed data, the boxes that the file declares must suffice. */
async function factsOf(bytes: Buffer): Promise<Facts> {
  const facts = inspectGlb(bytes)
  const { inspectPacked, isPacked } = await import('../derive/derive-model.ts')
  if (!isPacked(bytes)) return facts
  return inspectPacked(bytes).catch((error: unknown) => {
    if (isMeshyError(error) && error.code.startsWith('MESHY_DERIVE_')) return facts
    throw error
  })
}

async function readModel(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    const isNone = hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')
    throw new MeshyError('MESHY_GLB_INVALID', {
      message: `\`${file}\` ${isNone ? 'is not a file' : `cannot be read (\`${errno}\`)`}; expected a GLB.`,
      hint: 'Pass the path of the model to pin.',
      cause: error,
    })
  }
}

/** A request that was never sent, or is no longer kept by the service, does not matter. */
async function assertNothingOnItsWay(context: Context, { key, imageName }: Request): Promise<void> {
  const record = await findRecord(context.ports.store.journal, key)
  if (record?.state === 'unreadable') {
    // What is already stored is not on its way, whatever the record says.
    if (await ifIntact(() => findEntry(context.ports, key))) return
    throw record.error
  }
  if (!isOnItsWay(record, earliestNow(context.ports.clock))) return
  const task = record.state === 'accepted' ? ` (task ${record.taskId})` : ''
  throw new MeshyError('MESHY_COMMAND_REFUSED', {
    message: `A model of \`${imageName}\` is on its way${task} and already paid for.`,
    hint: `Build to store it, or give it up with \`unplugin-meshy forget ${key}\`. Then pin your own.`,
    details: { key },
  })
}
