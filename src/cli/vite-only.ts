import { detectBuild } from './detect-build.ts'
import type { BuildChoice } from './module-graph.ts'
import { UsageError } from './usage-error.ts'
import { hasViteConfig } from './vite-project.ts'

/**
 * For commands that can load a build of Vite, or read the sources of Next.js with Turbopack, and no others.
 *
 * @throws {UsageError} for a project that is built by a command of another bundler
 */
export function assertReadable(command: string, { root, configFile }: BuildChoice): void {
  const build = detectBuild(root, [])
  if (configFile !== undefined || hasViteConfig(root) || build?.kind !== 'command') return
  const line = build.command.join(' ')
  throw new UsageError(
    `\`${command}\` only reads Vite builds, but this project is built by \`${line}\`. Nothing was written or ` +
      `removed. To list its models, run \`npx unplugin-meshy plan -- ${line}\`.`,
  )
}
