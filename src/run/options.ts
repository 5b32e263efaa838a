import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { isLoopback, assertBaseUrl } from '../system/host.ts'
import { quoted } from '../system/format.ts'
import { isCi } from './ci.ts'
import { misnamedKey, type Environment } from './environment.ts'
import { MODES, type Mode } from '../finding/modes.ts'
import { defaultDeclaredFile } from './types/place.ts'
import type { Options, ResolvedOptions, RunFacts } from './option-types.ts'
import { parseOptions } from './option-schema.ts'
import { DEFAULT_LOCKFILE } from './project.ts'
import { resolveStores } from './store-options.ts'

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
  const chosenMode = modeFromEnvironment(env) ?? given.mode
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
    maxCredits: creditsFromEnvironment(env) ?? given.maxCredits,
    cacheDir: path.resolve(project.dir, given.cacheDir),
    lockfile: lockfile && path.resolve(project.dir, lockfile),
    dts: dts && path.resolve(root, dts),
    isCi: isCi(env),
    ...resolveStores(given, run, path.resolve(project.dir, given.cacheDir)),
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

function modeFromEnvironment(env: Environment): Mode | undefined {
  const value = env['MESHY_MODE']
  if (!value) return undefined
  const mode = MODES.find((name) => name === value)
  if (mode) return mode
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `MESHY_MODE is \`${value}\`; expected one of ${quoted(MODES)}.`,
    hint: 'Set MESHY_MODE to one of these, or unset it.',
  })
}

function creditsFromEnvironment(env: Environment): number | undefined {
  const value = env['MESHY_MAX_CREDITS']
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `MESHY_MAX_CREDITS is \`${value}\`; expected a whole number of credits.`,
    hint: 'Set MESHY_MAX_CREDITS to a number such as 300, or unset it.',
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
