import { z } from 'zod'
import type { ModelTransform } from '../derive/transform-model.ts'
import { MeshyError } from '../system/errors.ts'
import type { DirectiveObject } from '../request/directives.ts'
import { parseDirectiveObject } from '../request/parse.ts'
import { parsePreset } from '../request/resolve.ts'
import { nearestName } from '../system/nearest-name.ts'
import { MODES } from '../finding/modes.ts'
import { once } from '../system/once.ts'
import type { Options } from './option-types.ts'

const optionsSchema = once(() => {
  const directiveObject = z.record(z.string(), z.unknown())
  const transform = z.strictObject({
    name: z.string().regex(/^[\w.-]+$/),
    version: z.union([z.string().regex(/^[\w.-]+$/), z.number()]),
    transform: z.custom<ModelTransform['transform']>((value) => typeof value === 'function'),
  })
  return z.strictObject({
    apiKey: z.string().min(1).optional(),
    baseUrl: z.string().optional(),
    emulated: z.boolean().optional(),
    mode: z.enum(MODES).optional(),
    maxCredits: z.number().min(0).optional(),
    cacheDir: z.string().min(1).optional(),
    lockfile: z.union([z.string().min(1), z.literal(false)]).optional(),
    concurrency: z.int().min(1).optional(),
    requestsPerSecond: z.number().positive().optional(),
    taskTimeout: z.number().positive().optional(),
    defaults: z
      .union([directiveObject, z.custom<(file: string) => DirectiveObject>((v) => typeof v === 'function')])
      .optional(),
    presets: z.record(z.string(), directiveObject).optional(),
    allow: z.array(z.string().min(1)).optional(),
    transforms: z.array(transform).optional(),
    maxBytes: z.int().positive().optional(),
    maxTriangles: z.int().positive().optional(),
    oversize: z.enum(['warn', 'error']).optional(),
    publicPath: z.string().optional(),
    live: z.boolean().optional(),
    emit: z.enum(['asset', 'copy']).optional(),
    inspector: z.boolean().optional(),
    dts: z.union([z.string().min(1), z.literal(false)]).optional(),
    machineStore: z.union([z.string().min(1), z.literal(false)]).optional(),
    machineStoreLimit: z.number().nonnegative().optional(),
    teamStore: z.string().min(1).optional(),
  })
})

/**
 * Validates options that were given in code or in a config file, including the directives of presets and defaults.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID, and what directives throw
 */
export function parseOptions(options: Options, where: string): Options {
  const result = optionsSchema().safeParse(options)
  if (result.success) return checkDirectives(result.data)
  const issue = result.error.issues[0]
  if (issue?.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? ''
    const nearest = nearestName(name, Object.keys(optionsSchema().shape))
    throw new MeshyError('MESHY_OPTIONS_INVALID', {
      message: `Unknown option \`${name}\` in ${where}.`,
      hint: nearest
        ? `Did you mean \`${nearest}\`?`
        : `Known options: ${Object.keys(optionsSchema().shape).join(', ')}.`,
    })
  }
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `Invalid option \`${issue?.path.join('.')}\` in ${where}: ${issue?.message}.`,
    hint: 'Fix the value. The README describes the options.',
  })
}

/** Reported when the config is read, not when the first import encounters them. */
function checkDirectives(options: Options): Options {
  for (const [name, preset] of Object.entries(options.presets ?? {})) parsePreset(name, preset)
  if (typeof options.defaults === 'object') parseDirectiveObject(options.defaults, '`defaults`')
  return options
}
