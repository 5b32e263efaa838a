import path from 'node:path'
import type { ArgsDef } from 'citty'
import { MeshyError } from '../system/errors.ts'
import { placeOf, projectArgs, type ProjectArgs } from './project.ts'
import { detectBuild, type Build } from './detect-build.ts'
import { hasViteConfig } from './vite-project.ts'

/** One build of a user: its root, and what differs from Vite's defaults. */
export interface BuildChoice {
  /** Absolute. */
  root: string
  /** Absolute. */
  configFile?: string | undefined
  viteMode?: string | undefined
}

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
  return { root, configFile: args.config && path.resolve(cwd, args.config), viteMode: args.mode }
}

/**
 * How to find the models of a build: with Vite if its options are given, otherwise in the way the project is built.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING if nothing says how that is
 */
export function buildOf({ root, configFile, viteMode }: BuildChoice, program: readonly string[]): Build {
  if (configFile !== undefined || viteMode !== undefined) return { kind: 'vite' }
  const build = detectBuild(root, program)
  if (build) return build
  throw new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${root}\` has no \`build\` script, no known framework and no config of a known bundler.`,
    hint: 'Pass the build command, as in `unplugin-meshy plan -- npm run build`, or the project with `--root`.',
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
