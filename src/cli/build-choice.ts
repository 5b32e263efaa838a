import path from 'node:path'
import type { ArgsDef } from 'citty'
import { MeshyError } from '../system/errors.ts'
import {
  placeOf,
  projectArgs,
  type BuildChoice,
  type ProjectArgs,
  findConfig,
  hasViteConfig,
} from './project.ts'
import { UsageError } from './failure.ts'
import { existsSync, readFileSync } from 'node:fs'
import { foldersUpTo, readManifest } from '../run/project.ts'

/** Options of commands that run the user's Vite build. */
export const buildArgs = {
  ...projectArgs,
  config: { type: 'string', description: "Vite's config file.", valueHint: 'file' },
  mode: { type: 'string', description: "Vite's mode, as in `vite build --mode`." },
} as const satisfies ArgsDef

export function buildChoiceOf(
  args: ProjectArgs & { config?: string | undefined; mode?: string | undefined },
): BuildChoice {
  const { cwd, root } = placeOf(args)
  const configFile = args.config && path.resolve(cwd, args.config)
  if (configFile && !existsSync(configFile))
    throw new UsageError(`\`--config\` is \`${configFile}\`, which does not exist.`)
  return { root, configFile, viteMode: args.mode }
}

/**
 * How to find the models of a build: with Vite if its options are given, otherwise in the way the project is built.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING if nothing says how that is
 * @throws {UsageError} for a command besides, which would not be run
 */
export function buildOf({ root, configFile, viteMode }: BuildChoice, program: readonly string[]): Build {
  if (configFile !== undefined || viteMode !== undefined) {
    if (program.length === 0) return { kind: 'vite' }
    throw new UsageError(
      '`--config` and `--mode` are for a Vite build without a command. With one, pass them to it, such as `-- npx vite build --mode staging`.',
    )
  }
  const build = detectBuild(root, program)
  if (build) return build
  throw new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${root}\` has no \`build\` script, no known framework and no config of a known bundler.`,
    hint: 'Pass the build command after `--`, such as `-- npm run build`, or the project with `--root`.',
  })
}

/** Shown if a build was read to its end and has no import of ours: usually it is not the build that was meant. */
export function nothingImported({ root, configFile = root }: BuildChoice): string {
  return `The build imports no models. Looked in \`${configFile}\`.`
}

/**
 * For commands that can only load a Vite build, or read the sources of Next.js with Turbopack.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING for a project that is built by a command of another bundler
 */
export function assertReadable(command: string, { root, configFile }: BuildChoice): void {
  const build = detectBuild(root, [])
  if (configFile !== undefined || hasViteConfig(root) || build?.kind !== 'command') return
  const line = build.command.join(' ')
  throw new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${command}\` only reads Vite builds, but this project is built by \`${line}\`. Nothing was written or removed.`,
    hint: `To list its models, run \`npx unplugin-meshy plan -- ${line}\`.`,
  })
}

/** How to find the models of a project. */
type Build =
  /** Its command is run. */
  | { kind: 'command'; command: string[] }
  /** Vite is run in this process, up to where all modules are loaded. */
  | { kind: 'vite' }
  /** Its bundler shows nobody its build, so the sources are read; then its command is run, if there is one. */
  | { kind: 'sources'; command: string[] | undefined }

interface Manifest {
  scripts?: Record<string, string>
  packageManager?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** Frameworks by their package, with their own build command. */
const FRAMEWORKS: Record<string, string[]> = {
  astro: ['astro', 'build'],
  '@sveltejs/kit': ['vite', 'build'],
  nuxt: ['nuxt', 'build'],
  '@react-router/dev': ['react-router', 'build'],
  next: ['next', 'build'],
}
/** Bundlers by their config files. */
const BUNDLERS: Record<string, string[]> = {
  rollup: ['rollup', '-c'],
  rolldown: ['rolldown', '-c'],
  webpack: ['webpack'],
  rspack: ['rspack', 'build'],
  rsbuild: ['rsbuild', 'build'],
  farm: ['farm', 'build'],
}
const LOCKFILES: Record<string, string> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
}
/** Programs that build. */
const PROGRAMS: ReadonlySet<string | undefined> = new Set([
  ...Object.values({ ...FRAMEWORKS, ...BUNDLERS }).map(([program]) => program),
  'esbuild',
  'storybook',
])
const CALLS_NEXT = /\bnext\b/
/** Builds without Next.js, even in a project that also has a config of it. */
const CALLS_OTHER = new RegExp(
  String.raw`\b(?:${[...PROGRAMS].filter((program) => program !== 'next').join('|')})\b`,
)
/** Checks that precede a build and do not affect it. */
const CHECK = /^(?:vue-tsc|tsc|svelte-check|eslint|oxlint|biome)\b/

/** Determines how a project is built: with the given command, its `build` script, its framework, or its bundler. */
export function detectBuild(root: string, said: readonly string[]): Build | undefined {
  const manifest = readManifest(root) as Manifest
  const command = said.length > 0 ? [...said] : undefined
  if (isTurbopack(root, scriptOf(manifest, command))) return { kind: 'sources', command }
  return command ? { kind: 'command', command } : findBuild(root, manifest)
}

function findBuild(root: string, manifest: Manifest): Build | undefined {
  const framework = frameworkOf(manifest)
  const script = manifest.scripts?.['build']
  const isPlain =
    script === undefined || (isPlainVite(script) && manifest.scripts?.['prebuild'] === undefined)
  const isVite = hasViteConfig(root) && !framework && isPlain
  if (isVite) return { kind: 'vite' }
  if (script !== undefined)
    return { kind: 'command', command: [packageManagerOf(root, manifest), 'run', 'build'] }
  const own = framework ?? bundlerOf(root)
  return own && { kind: 'command', command: withBinary(root, own) }
}

/** Whether a script does what `vite build` does, after checks. */
function isPlainVite(script: string): boolean {
  const steps = script.split('&&').map((step) => step.trim())
  return steps.filter((step) => !CHECK.test(step)).join('&&') === 'vite build'
}

/**
 * Next.js builds with Turbopack by default. A script that calls another one may say otherwise, or the version may imply
 * it; the config tells which of the two the plugin is there for.
 */
function isTurbopack(root: string, script: string): boolean {
  const config = findConfig(root, 'next')
  if (config === undefined || script.includes('--webpack')) return false
  if (CALLS_OTHER.test(script) && !CALLS_NEXT.test(script)) return false
  const text = readFileSync(config, 'utf8')
  return !text.includes('unplugin-meshy/webpack') || text.includes('unplugin-meshy/turbopack')
}

/** The text of what runs: that of a script of the project, or of the command itself. */
function scriptOf({ scripts = {} }: Manifest, command: readonly string[] | undefined): string {
  if (!command) return scripts['build'] ?? ''
  const line = command.join(' ')
  // The `build` of `storybook build` is no script; that of `npm run build` is one, whatever its name.
  const isProgram = !command.includes('run') && command.some((word) => PROGRAMS.has(word))
  const name = isProgram ? undefined : command.findLast((word) => Object.hasOwn(scripts, word))
  return name === undefined ? line : `${line} ${scripts[name]}`
}

function frameworkOf({ dependencies, devDependencies, scripts = {} }: Manifest): string[] | undefined {
  const installed = { ...dependencies, ...devDependencies }
  const name = Object.keys(FRAMEWORKS).find((framework) => framework in installed)
  if (name) return FRAMEWORKS[name]
  const isStorybookAlone = 'storybook' in installed && scripts['build'] === undefined
  return isStorybookAlone ? ['storybook', 'build'] : undefined
}

function bundlerOf(root: string): string[] | undefined {
  const name = Object.keys(BUNDLERS).find((bundler) => findConfig(root, bundler))
  if (name) return BUNDLERS[name]
  const script = ['build', 'esbuild', 'esbuild.config'].flatMap((base) =>
    ['mjs', 'js', 'cjs'].map((ext) => `${base}.${ext}`),
  )
  const found = script.find((file) => existsSync(path.join(root, file)))
  return found === undefined ? undefined : ['node', found]
}

function packageManagerOf(root: string, { packageManager }: Manifest): string {
  const [named] = packageManager?.split('@') ?? []
  if (named) return named
  for (const dir of foldersUpTo(root)) {
    const file = Object.keys(LOCKFILES).find((name) => existsSync(path.join(dir, name)))
    if (file) return LOCKFILES[file] ?? 'npm'
    if (existsSync(path.join(dir, '.git'))) break
  }
  return 'npm'
}

/** The program as it is installed: it need not be in PATH. */
function withBinary(root: string, [program = '', ...args]: string[]): string[] {
  const file = path.join('node_modules', '.bin', program)
  return existsSync(path.join(root, file)) ? [`./${file}`, ...args] : [program, ...args]
}
