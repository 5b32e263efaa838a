import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { mayGenerate } from '../finding/modes.ts'
import { MeshyError, messageOf } from '../system/errors.ts'
import { mustParseJson } from '../system/json.ts'
import { commandedOptions, findCommanded, Part } from './commanded.ts'
import type { Context, Run, RunPorts } from './context.ts'
import { readEnvironment } from './environment.ts'
import { openContext } from './open.ts'
import type { Options } from './option-types.ts'
import { resolveOptions } from './options.ts'
import { modeOfProcess } from './process-state.ts'
import { findProject, type Project } from './project.ts'
import type { Environment } from '../system/process.ts'

/** What a bundler or a command says about its run. */
export interface ProjectRun extends Pick<Run, 'logger' | 'borders'> {
  /** Absolute root of the bundler's project. */
  root: string
  /** Folder of the `.env` files, besides that of the project; false to read none at all. */
  envDir: string | false
  /** Mode of the `.env` files. */
  envMode: string
  /** Whether it serves or watches. */
  live?: boolean
  /** Whether a test runner drives the bundler. */
  underTest?: boolean
  /** Variables that the bundler puts into the code of pages. */
  published?: Environment | undefined
}

interface OpenProjectOptions extends Partial<Pick<Run, 'activity' | 'hasFailed' | 'waysToAgree'>> {
  /** The options that were given in code. */
  inline?: Options
}

/**
 * Reads the options of a project from all their sources, and opens a run with them.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID, MESHY_KEY_EXPOSED, and what directives throw
 */
export async function openProject(
  { root, envDir, envMode, live = false, underTest = false, published = {}, logger, borders }: ProjectRun,
  { inline = {}, ...hearing }: OpenProjectOptions = {},
): Promise<Context> {
  const project = findProject(root)
  const { env, envFolders } = environmentOf(project, { envDir, envMode })
  const options = resolveOptions(inline, await readConfig(project), { root, project, env, live, underTest })
  const commanded = findCommanded(root, process.env)
  const context = await openContext({
    activity: () => 0,
    ...hearing,
    options: commanded ? commandedOptions(commanded, options) : options,
    part: commanded && new Part(commanded),
    env,
    envFolders,
    borders,
    live,
    logger,
  })
  tellLosable(context.ports, project, { live })
  assertKeyHidden(context.ports, published, { isKept: !live && !underTest })
  return context
}

/** The environment of a run, and the folders whose `.env` files are a part of it. */
export function environmentOf(
  project: Project,
  { envDir, envMode }: Pick<ProjectRun, 'envDir' | 'envMode'>,
): { env: Environment; envFolders: string[] } {
  const envFolders = envDir === false ? [] : [...new Set([envDir, project.dir])]
  const said = readEnvironment(envFolders, envMode, process.env)
  const mode = modeOfProcess()
  return { env: mode === undefined ? said : { ...said, MESHY_MODE: mode }, envFolders }
}

/**
 * The options in the project's config file, as it is now; none if there is no such file.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID if it cannot be loaded
 */
export async function readConfig({ configFile }: Project): Promise<Options> {
  if (!configFile) return {}
  try {
    const config = configFile.endsWith('.json') ? await readJson(configFile) : await runModule(configFile)
    if (typeof config !== 'object' || config === null) {
      throw new TypeError(
        `it exports \`${config === null ? 'null' : typeof config}\`; expected an object of options`,
      )
    }
    // Its contents are validated together with the options from elsewhere.
    return config
  } catch (cause) {
    throw new MeshyError('MESHY_OPTIONS_INVALID', {
      message: `\`${configFile}\` cannot be loaded: ${messageOf(cause)}`,
      hint: 'Fix the file. It should export the options as its default export.',
      cause,
    })
  }
}

async function readJson(file: string): Promise<unknown> {
  return mustParseJson(await readFile(file, 'utf8'), (cause) => cause)
}

/** Never from a module cache: a dev server that restarts would get the old options. */
async function runModule(file: string): Promise<unknown> {
  if (file.endsWith('.mjs')) {
    const { mtimeMs } = await stat(file)
    const module = (await import(`${pathToFileURL(file).href}?${mtimeMs}`)) as { default: unknown }
    return module.default
  }
  if (file.endsWith('.cjs')) {
    const require = createRequire(file)
    delete require.cache[require.resolve(file)]
    return require(file) as unknown
  }
  // Loaded only if it is needed: a warm build should not pay for a TypeScript loader. It leaves the others to Node.js.
  const { createJiti } = await import('jiti')
  return createJiti(file, { moduleCache: false, tryNative: false }).import(file, { default: true })
}

/** Models that were paid for would be lost with a folder that package managers empty. */
function tellLosable(
  { options, reporter }: RunPorts,
  { dir }: Project,
  { live }: Required<Pick<ProjectRun, 'live'>>,
): void {
  const folder = path.relative(dir, options.cacheDir)
  const isLosable = folder.split(path.sep).includes('node_modules')
  if (!isLosable || !(live || mayGenerate(options.mode))) return
  reporter.notices.once(
    `the cache folder \`${folder}\` is in \`node_modules\`: \`npm ci\` deletes it together with the models that were paid for, ` +
      'git does not keep it, and some bundlers do not notice when a model in it is ready. ' +
      'Set `cacheDir` to another folder, such as `.meshy`, and move it there',
  )
}

/**
 * Reports a variable that a bundler puts into the code of a page, and that holds the key.
 *
 * @param published the variables that go there, by name
 * @throws {MeshyError} MESHY_KEY_EXPOSED in a run whose output is kept
 */
function assertKeyHidden(
  { options, reporter }: RunPorts,
  published: Environment,
  { isKept }: { isKept: boolean },
): void {
  const name = Object.keys(published).find(
    (one) => published[one] && (one === 'MESHY_API_KEY' || published[one] === options.apiKey),
  )
  if (name === undefined) return
  const error = new MeshyError('MESHY_KEY_EXPOSED', {
    message: `\`${name}\` contains the API key, and \`envPrefix\` exposes it to every page as \`import.meta.env.${name}\`.`,
    hint:
      name === 'MESHY_API_KEY'
        ? 'Remove its prefix from `envPrefix`. The plugin reads MESHY_API_KEY by itself.'
        : `Unset \`${name}\`; the plugin reads MESHY_API_KEY. If the key was ever published, create a new one.`,
    details: { name },
  })
  if (isKept) throw error
  reporter.notices.once(`${error.message} ${error.hint}`)
}
