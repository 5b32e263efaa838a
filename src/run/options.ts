import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { isLoopback, assertBaseUrl } from '../system/host.ts'
import { quoted } from '../system/format.ts'
import { isOn, misnamedKey } from './environment.ts'
import { isCi } from './ci.ts'
import { MODES, type Mode } from '../finding/modes.ts'
import { defaultDeclaredFile } from './types/place.ts'
import type { Options, ResolvedOptions, RunFacts } from './option-types.ts'
import { DEFAULT_LOCKFILE, realFile } from './project.ts'
import { defaultMachineFolder } from '../store/shared/machine-folder.ts'
import { parseStoreAddress } from '../store/shared/store-address.ts'
import { z } from 'zod'
import type { ModelTransform } from '../derive/transform-model.ts'
import type { DirectiveObject } from '../request/directives.ts'
import { parseDirectiveObject } from '../request/parse.ts'
import { parsePreset } from '../request/resolve.ts'
import { nearestName } from '../system/nearest-name.ts'
import { once } from '../system/once.ts'
import type { Environment } from '../system/process.ts'

const DEFAULTS = {
  baseUrl: 'https://api.meshy.ai',
  lockfile: DEFAULT_LOCKFILE,
  maxCredits: 300,
  cacheDir: '.meshy',
  concurrency: 8,
  requestsPerSecond: 18,
  taskTimeout: 20 * 60_000,
  emit: 'asset' as const,
  defaults: {},
  presets: {},
  allow: [],
  transforms: [],
  oversize: 'warn' as const,
  inspector: true,
}

/**
 * Resolves options as `inline ?? config file ?? environment ?? default`. Only MESHY_MODE and MESHY_MAX_CREDITS override
 * everything, because they say what one run may do.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID for an unknown option or a value out of range
 */
export function resolveOptions(inline: Options, config: Options, run: RunFacts): ResolvedOptions {
  const { env, root, project } = run
  const given = {
    ...DEFAULTS,
    // A value copied from a file often has a trailing newline.
    ...present({
      apiKey: env['MESHY_API_KEY']?.trim() || undefined,
      baseUrl: env['MESHY_BASE_URL'] || undefined,
    }),
    ...present(parseOptions(config, 'meshy.config')),
    ...present(parseOptions(inline, 'the plugin options')),
  }
  const baseUrl = assertBaseUrl(given.baseUrl)
  const { lockfile, apiKey, dts = defaultDeclaredFile(root) } = given
  const cacheDir = path.resolve(project.dir, given.cacheDir)
  const chosenMode = fromEnvironment(env, MODE) ?? given.mode
  return {
    ...given,
    root,
    projectDir: project.dir,
    workspace: project.workspace,
    apiKey,
    misnamedKey: misnamedKey(env),
    baseUrl,
    publicPath: given.publicPath,
    emulated: given.emulated ?? isLoopback(new URL(baseUrl).hostname),
    mode: chosenMode ?? defaultMode(run, { apiKey, teamStore: given.teamStore ?? env['MESHY_TEAM_STORE'] }),
    isModeChosen: chosenMode !== undefined,
    maxCredits: fromEnvironment(env, MAX_CREDITS) ?? given.maxCredits,
    cacheDir,
    lockfile: lockfile && path.resolve(project.dir, lockfile),
    dts: dts && path.resolve(root, dts),
    isCi: isCi(env),
    ...resolveStores(given, run, cacheDir),
  }
}

/** Without keys that are explicitly `undefined`, so that they do not hide those of the config file. */
function present(options: Options): Present<Options> {
  // The filter makes this true.
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Present<Options>
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** A variable that sets an option. */
interface Variable<T> {
  name: string
  /** Undefined for a value that it cannot have. */
  read(value: string): T | undefined
  expected: string
  example: string
}

const MODE: Variable<Mode> = {
  name: 'MESHY_MODE',
  read: (value) => MODES.find((name) => name === value),
  expected: `one of ${quoted(MODES)}`,
  example: 'one of these',
}
const MAX_CREDITS: Variable<number> = {
  name: 'MESHY_MAX_CREDITS',
  read: (value) => (/^\d+$/.test(value) ? Number(value) : undefined),
  expected: 'a whole number of credits',
  example: 'a number such as 300',
}
const MACHINE_STORE_LIMIT: Variable<number> = {
  name: 'MESHY_MACHINE_STORE_LIMIT',
  read: (value) => (Number.isFinite(Number(value)) && Number(value) >= 0 ? Number(value) : undefined),
  expected: 'a number of bytes',
  example: 'a number such as 5000000000',
}

function fromEnvironment<T>(env: Environment, { name, read, expected, example }: Variable<T>): T | undefined {
  const value = env[name]
  if (!value) return undefined
  const option = read(value)
  if (option !== undefined) return option
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `${name} is \`${value.slice(0, 40)}\`; expected ${expected}.`,
    hint: `Set ${name} to ${example}, or unset it.`,
  })
}

/** Frozen in CI comes first: whatever else runs there, it must not spend. */
function defaultMode(
  { env, live, underTest }: RunFacts,
  { apiKey, teamStore }: { apiKey: string | undefined; teamStore: string | undefined },
): Mode {
  if (isCi(env)) return 'frozen'
  if (underTest) return 'preview'
  if (!live) return 'generate'
  // Without a key, a team store still has what is pinned.
  return apiKey || teamStore ? 'ask' : 'preview'
}

/** A few hundred models with their textures. */
const DEFAULT_LIMIT = 5e9

/** Where bytes are shared: code and config take precedence over the environment. */
function resolveStores(
  given: Options,
  { env, project }: RunFacts,
  cacheDir: string,
): Pick<ResolvedOptions, 'machineStore' | 'machineStoreLimit' | 'teamStore'> {
  const chosen = given.machineStore ?? folderFromEnvironment(env) ?? defaultMachineFolder(env)
  const machineStore = chosen && path.resolve(project.dir, chosen)
  if (machineStore) assertNotCache(machineStore, cacheDir)
  const address = given.teamStore ?? (env['MESHY_TEAM_STORE'] || undefined)
  const writtenIn = given.teamStore === undefined ? 'environment' : 'config'
  const signingKey = env['MESHY_TEAM_STORE_SIGNING_KEY'] || undefined
  return {
    machineStore,
    machineStoreLimit: given.machineStoreLimit ?? fromEnvironment(env, MACHINE_STORE_LIMIT) ?? DEFAULT_LIMIT,
    teamStore:
      address === undefined
        ? undefined
        : { address: parseStoreAddress(address, writtenIn, env), writtenIn, signingKey },
  }
}

/** The store removes files that have not been used for long; the cache contains what the project pins. */
function assertNotCache(machineStore: string, cacheDir: string): void {
  if (realFile(machineStore) !== realFile(cacheDir)) return
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `\`machineStore\` and \`cacheDir\` are the same folder, \`${cacheDir}\`.`,
    hint: 'Give `machineStore` a separate folder, or remove the option.',
  })
}

function folderFromEnvironment({ MESHY_MACHINE_STORE: value }: Environment): string | false | undefined {
  if (!value) return undefined
  return isOn(value) && value
}

/** What the library says of values that it knows only as alternatives, or not at all. */
function expecting(expected: string) {
  return {
    error: ({ input }: { input?: unknown }) => {
      const received = Object(input) === input ? typeof input : `\`${String(input)}\``
      return `Invalid input: expected ${expected}, received ${received}`
    },
  }
}

const optionsSchema = once(() => {
  const directiveObject = z.record(z.string(), z.unknown())
  const label = z.string().regex(/^[\w.-]+$/)
  const pathOrFalse = z.union([z.string().min(1), z.literal(false)], expecting('a path or `false`'))
  const transform = z.strictObject({
    name: label,
    version: z.union([label, z.number()], expecting('a number, or letters and digits')),
    transform: z.custom<ModelTransform['transform']>(
      (value) => typeof value === 'function',
      expecting('a function'),
    ),
  })
  const all = z.strictObject({
    apiKey: z.string().min(1),
    baseUrl: z.string(),
    emulated: z.boolean(),
    mode: z.enum(MODES),
    maxCredits: z.number().min(0),
    cacheDir: z.string().min(1),
    lockfile: pathOrFalse,
    concurrency: z.int().min(1),
    requestsPerSecond: z.number().positive(),
    taskTimeout: z.number().positive(),
    defaults: z.union(
      [directiveObject, z.custom<(file: string) => DirectiveObject>((value) => typeof value === 'function')],
      expecting('directives, or a function that gives them'),
    ),
    presets: z.record(z.string(), directiveObject),
    allow: z.array(z.string().min(1)),
    transforms: z.array(transform),
    maxBytes: z.int().positive(),
    maxTriangles: z.int().positive(),
    oversize: z.enum(['warn', 'error']),
    publicPath: z.string(),
    live: z.boolean(),
    emit: z.enum(['asset', 'copy']),
    inspector: z.boolean(),
    dts: pathOrFalse,
    machineStore: pathOrFalse,
    machineStoreLimit: z.number().nonnegative(),
    teamStore: z.string().min(1),
  })
  return all.partial()
})

/**
 * Validates options that were given in code or in a config file, including the directives of presets and defaults.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID, and what directives throw
 */
function parseOptions(options: Options, where: string): Options {
  const result = optionsSchema().safeParse(options)
  if (result.success) return checkDirectives(result.data)
  const issue = result.error.issues[0]
  const name = issue?.path.join('.')
  if (issue?.code === 'unrecognized_keys' && name === '') {
    const [unknown = ''] = issue.keys
    const known = Object.keys(optionsSchema().shape)
    const nearest = nearestName(unknown, known)
    throw new MeshyError('MESHY_OPTIONS_INVALID', {
      message: `Unknown option \`${unknown}\` in ${where}.`,
      hint: nearest ? `Did you mean \`${nearest}\`?` : `Known options: ${known.join(', ')}.`,
    })
  }
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `Invalid ${name ? `option \`${name}\`` : 'options'} in ${where}: ${issue?.message}.`,
    hint: 'Fix the value. The README describes the options.',
  })
}

/** Reported when the config is read, not when the first import encounters them. */
function checkDirectives(options: Options): Options {
  for (const [name, preset] of Object.entries(options.presets ?? {})) parsePreset(name, preset)
  if (typeof options.defaults === 'object') parseDirectiveObject(options.defaults, '`defaults`')
  return options
}
