import { UsageError } from './failure.ts'
import { openCommand, type ProjectArgs } from './project.ts'
import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { parseSpecifier, isMeshySpecifier } from '../request/parse.ts'
import type { Request, Subject } from '../request/request.ts'
import { ifIntact } from '../store/disk-errors.ts'
import { KEY_PATTERN } from '../store/entry.ts'
import type { Context } from '../run/context.ts'
import { findRecord, type UnreadableRecord } from '../store/found-records.ts'
import { readImport } from '../run/read-import.ts'

/** The argument of commands that are about one model. */
export const modelArg = {
  type: 'positional',
  description: 'An import as written in the code, such as "./hero.png?meshy&pbr", or the key of a model.',
  required: true,
} as const

/** Opens the project and finds the model that an argument names. */
export async function openModel(
  args: ProjectArgs,
  argument: string,
): Promise<{ context: Context; subject: Subject }> {
  assertModelArgument(argument)
  const { context, place } = await openCommand(args)
  return { context, subject: await readSubject(context, argument, place.cwd) }
}

/** @throws {UsageError} if an argument of a command can name no model */
export function assertModelArgument(argument: string): void {
  if (KEY_PATTERN.test(argument) || isMeshySpecifier(argument)) return
  throw new UsageError(
    `\`${argument}\` does not name a model; expected an import such as "./hero.png?meshy&pbr" (in quotes), or a key.`,
  )
}

/**
 * The request that an argument of a command names.
 *
 * @param folder absolute; the path of an import is relative to it
 * @throws {MeshyError} MESHY_MODEL_UNKNOWN for a key that no record has; MESHY_JOURNAL_INVALID for a key whose only
 * record cannot be read; what imports throw
 */
export function readSubject(context: Context, argument: string, folder: string): Promise<Subject> {
  return KEY_PATTERN.test(argument)
    ? findSubject(context, argument)
    : readSpecifier(context, argument, folder)
}

/** The request of an import as if written in a module of `folder`, with the project's defaults and presets. */
export async function readSpecifier(context: Context, specifier: string, folder: string): Promise<Request> {
  const { path: image, directives } = parseSpecifier(specifier)
  if (!directives) throw notAnImport(specifier)
  const file = path.resolve(folder, image)
  const site = async () => ({ file: specifier })
  const { request } = await readImport(context, { file, directives, site })
  return request
}

async function findSubject({ ports: { store } }: Context, key: string): Promise<Subject> {
  const stored = await ifIntact(() => store.entries.read(key))
  const entry = (await store.lockfile?.get(key)) ?? stored
  if (entry) {
    const params = stored?.provenance.params ?? entry.request.params
    return { key, imageName: entry.image, canonical: entry.request, params }
  }
  const record = await findRecord(store.journal, key)
  if (!record) throw unknown(key)
  if (record.state === 'unreadable') throw needsImport(record)
  const params = record.state === 'forgotten' ? record.request.params : record.params
  return { key, imageName: record.image, canonical: record.request, params }
}

function unknown(key: string): MeshyError {
  return new MeshyError('MESHY_MODEL_UNKNOWN', {
    message: `\`${key}\` is not the key of any model in this project: it is neither pinned, nor stored, nor on its way.`,
    hint: 'List the keys with `unplugin-meshy status`, or name the model by its import, such as `./hero.png?meshy`.',
    details: { key },
  })
}

/** Its key alone does not say what was requested. */
function needsImport({ key, error }: UnreadableRecord): MeshyError {
  return new MeshyError(error.code, {
    message: error.message,
    hint: error.hint,
    details: { ...error.details, key },
    cause: error,
  })
}

function notAnImport(specifier: string): MeshyError {
  return new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${specifier}\` is a module ID of a bundler, from which the directives cannot be recovered.`,
    hint: 'Name the model by its import, such as `./hero.png?meshy&pbr`, or by its key.',
  })
}
